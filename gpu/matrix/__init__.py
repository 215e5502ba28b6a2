"""What can be known of compiled kernels without a card: `python -m gpu.matrix`."""
