"""Phases of a step: calls of native kernels that threads make side by side."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine import threads
from engine.jit.record import Record
from engine.jit.training import kernels

Phase = list[NDArray[np.int64]]
"""Records [calls, SLOTS] for each thread: calls that need nothing of what other threads do in the same phase."""


def phase(of_threads: Iterable[Iterable[Record]]) -> Phase:
    """The phase of each thread's records."""
    return [np.stack(list(records)) for records in of_threads]


def run(calls: Phase) -> None:
    """Make all calls of a phase and come back when they are made."""
    driver = kernels.run()
    threads.shared(len(calls), len(calls), lambda part: driver(calls[part.start].ctypes.data, len(calls[part.start])))


def shares(count: int, workers: int, multiple: int) -> list[slice]:
    """`count` things in a part for each worker, each but the last a whole multiple of things; none is empty."""
    ends = [min(count, -(-count * part // (workers * multiple)) * multiple) for part in range(workers + 1)]
    return [slice(first, last) for first, last in pairwise(ends) if last > first]
