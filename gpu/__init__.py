"""CuPy backend: the only room that imports CuPy."""
