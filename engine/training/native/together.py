"""Kernels that several threads run side by side in one call, at whose end they wait for each other."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from engine import threads
from engine.jit.layout import aligned
from engine.jit.record import Record, filled
from engine.jit.training import kernels, program


class Call:
    """One kernel, called alone and again and again.

    Attributes:
        record: what it is told, which may change between calls.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self._driver = kernels.run()

    def __call__(self) -> None:
        self._driver(self.record.ctypes.data, 1)


class Meeting:
    """Where so many threads wait for each other, in their native code."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._arrived: NDArray[np.int64] = aligned((8,), np.int64)

    def records(self) -> list[Record]:
        """One for each thread's list; none where it is alone."""
        if self.count == 1:
            return []
        arrived, barrier = int(self._arrived.ctypes.data), kernels.address("barrier")
        return [filled(program.BARRIER, kernel=barrier, arrived=arrived, count=self.count, give_way=_give_way())]


class Together:
    """Calls of kernels, in order, on each of several threads.

    The one that calls is the first of them. None has to be woken to tell it that the others are done, which takes
    longer than a short kernel: that is what they meet for.

    Attributes:
        records: int64 [calls, SLOTS] of each thread.
    """

    def __init__(self, of_threads: Iterable[Iterable[Record]], meeting: Meeting | None = None) -> None:
        """meeting: that of records in which they wait for each other; helpers are done only when they came by it."""
        lists = [list(records) for records in of_threads]
        self._meeting = meeting or Meeting(len(lists))
        self.records = [np.stack([*records, *self._meeting.records()]) for records in lists]
        self._driver = kernels.run()

    def __call__(self) -> None:
        """Make all calls, and come back when they are made."""
        for worker in range(1, len(self.records)):
            threads.aside(worker, partial(self.run, worker))
        self.run(0)

    def run(self, worker: int) -> None:
        """The part of one thread."""
        records = self.records[worker]
        self._driver(records.ctypes.data, len(records))


@cache
def _give_way() -> int:
    """The address of what lets other threads run on this core."""
    if sys.platform == "win32":
        system = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        system = ctypes.CDLL(None).sched_yield
    return ctypes.cast(system, ctypes.c_void_p).value or 0
