"""Files that nobody vouches for, made and bent at random: whatever a reader is given, it reads it or says why not."""
