"""Data shipped with the program, reached through importlib.resources."""
