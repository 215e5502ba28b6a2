"""A training step of convolutional networks by native kernels: what lies where, and which kernel does what with it."""
