"""Packed inference: the inference world (numpy, llvmlite, CuPy), never torch."""
