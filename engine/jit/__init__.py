"""Native kernels generated as LLVM IR."""
