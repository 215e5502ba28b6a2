"""One file a data set; numpy arrays out."""
