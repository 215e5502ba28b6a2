"""The CUDA sources run on the CPU, bit for bit and with every rule of the model checked; only tests need it."""
