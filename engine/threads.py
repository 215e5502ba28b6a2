"""How many cores the work of this process may use, for numpy's BLAS and our own kernels, and how these share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

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


def shared(workers: int, count: int, work: Callable[[slice], None]) -> None:
    """Do `work` on `count` things, in as many equal parts as there are workers, side by side."""
    if workers == 1:
        work(slice(0, count))
        return
    share = -(-count // workers)
    parts = [slice(first, min(first + share, count)) for first in range(0, count, share)]
    list(_pool(workers).map(work, parts))


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="kernel")
