"""The variants of the native kernels."""

from tests.jit.conftest import variant

__all__ = ["variant"]
