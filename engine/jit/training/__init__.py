"""Native kernels of a training step, generated as LLVM IR."""
