"""How a turn at being timed is taken: alike for our own kernels and for every peer in a process of its own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Clock = Callable[[], float]

WARM = 0.003
"""Seconds of calls before those that count, in every turn: who has slept, or waited for others, begins slowly."""
SAMPLE = 0.003
"""Seconds of calls that count, about."""
PARTS = 7
"""They are timed in so many parts, of which the median counts: a disturbance is shorter than most of them."""
LONG = 0.05
"""Seconds of a call that has outlasted its own warming up, and needs none from its second turn on."""
COARSE = 1e-6
"""Seconds of a clock's resolution beyond which it is of no use here."""


WALL: Clock = time.perf_counter
"""The time that passes."""


def clock(threads: int) -> Clock:
    """CPU time of the thread that calls, where that thread does all the work: whoever shares the core does not count.

    With several threads, and where the system counts CPU time too coarsely, the time that passes.
    """
    if threads == 1 and time.get_clock_info("thread_time").resolution <= COARSE:
        return time.thread_time
    return WALL


class Turns:
    """A call that is timed turn by turn: warmed up, then made as often as SAMPLE has room for, once at least."""

    def __init__(self, call: Callable[[], object], clock: Clock) -> None:
        """clock: see the function of that name, by how many threads the call uses."""
        self._call = call
        self._clock = clock
        self._one = 0.0

    def __call__(self) -> float:
        """Seconds of one call, of the turn that is taken here."""
        if self._one < LONG:
            self._one = self._warmed()
        calls = max(1, round(SAMPLE / max(self._one, 1e-9)))
        parts = min(PARTS, calls)
        self._one = statistics.median(self._part(calls // parts) for _ in range(parts))
        return self._one

    def _part(self, calls: int) -> float:
        """Seconds of a call, the mean of so many."""
        began = self._clock()
        for _ in range(calls):
            self._call()
        return (self._clock() - began) / calls

    def _warmed(self) -> float:
        """Call for WARM seconds, once at least; the mean of those calls."""
        began, calls = WALL(), 0
        while (spent := WALL() - began) < WARM or not calls:
            self._call()
            calls += 1
        return spent / calls
