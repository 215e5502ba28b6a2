"""Faulty memory: which cells fail, what that does to stored words, and what it costs a network."""
