"""Training of binarized networks: the torch world. This file imports nothing, so that any world may look in."""
