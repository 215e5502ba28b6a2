"""Long runs in little time: what the window takes of memory, handles and objects must not grow with the hours."""
