"""The training step by native kernels: its arrays, their layouts, its programs."""
