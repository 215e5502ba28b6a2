"""One file a backend, each offering BACKEND."""
