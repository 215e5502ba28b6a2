"""The compiled kernels, looked at without a card."""
