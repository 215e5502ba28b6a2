"""How many cores the work of this process may use: one limit for numpy's BLAS and for our own kernels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import threadpoolctl

_limit = 1


def limit() -> int:
    """Threads that a kernel may use now."""
    return _limit


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Hold BLAS and our kernels to so many threads."""
    global _limit
    before, _limit = _limit, threads
    try:
        with threadpoolctl.threadpool_limits(threads):
            yield
    finally:
        _limit = before
