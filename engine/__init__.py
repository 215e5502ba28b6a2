"""Flipscope's engine: data sets, training, packed inference and the processes that run them. No Qt here."""

__version__ = "0.1.0"
