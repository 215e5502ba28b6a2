"""How many cores the work of this process may use, for numpy's BLAS and our own kernels, and how these share it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from queue import SimpleQueue
from threading import Thread

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


def cores() -> int:
    """How many this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worthwhile(most: int, work: int, least: int) -> int:
    """Of so many threads at most, and of the cores, how many have at least that much of some work; 1 has in any case.

    To wake a thread, and to wait for it, takes longer than it takes to do little.
    """
    return max(1, min(most, cores(), work // least))


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


def aside(helper: int, work: Callable[[], object]) -> None:
    """Have work done by the helper of that number, a thread that waits for it: awake sooner than one of a pool.

    Nobody is told when it is done, and it must not fail.
    """
    _helper(helper).put(work)


@cache
def _helper(number: int) -> SimpleQueue[Callable[[], object]]:
    """What that helper is given to do."""
    given: SimpleQueue[Callable[[], object]] = SimpleQueue()

    def help_out() -> None:
        while True:
            given.get()()

    Thread(target=help_out, name=f"helper {number}", daemon=True).start()
    return given
