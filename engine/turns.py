"""How a turn at being timed is taken: alike for our own kernels and for every peer in a process of its own."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from typing import Any, Protocol

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


DEVICE_WARM, DEVICE_AGAIN = 0.2, 0.02
"""Seconds of work before what counts on a device, in its first turn and in the others: its clock rises slowly."""
DEVICE_SAMPLE, DEVICE_SAMPLES, DEVICE_FEW = 1e-3, 9, 3
"""Seconds that a sample on a device lasts at least; how many are taken, and how many of LONG ones."""
SHORT, MOST_RECORDED = 2e-4, 200
"""Seconds of work below which it is recorded: the host may take longer to ask for it than the device to do it. And how
often at most in one record."""

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


class DeviceClock(Protocol):
    """A device's own clock: what lies between two marks in its queue, whatever the host does meanwhile."""

    def mark(self) -> Any:
        """Put a mark behind everything that was asked for so far."""

    def seconds(self, first: Any, last: Any) -> float:
        """Seconds between two marks, once the second is reached."""

    def recorded(self, begin: Callable[[], object], times: int) -> Callable[[], object]:
        """What starts the work so many times at once: the device goes from one to the next without the host."""


class DeviceTurns:
    """Work on a device that is timed turn by turn, by its own clock: warmed up, then in samples of many launches.

    Work that is SHORT is recorded and started many times at once, so that the host's time to ask for it is none of it.
    """

    def __init__(self, begin: Callable[[], object], clock: DeviceClock) -> None:
        """begin: starts the work once; it may still run when that returns."""
        self._begin, self._clock = begin, clock  # what is recorded uses the memory that `begin` holds
        self._start, self._times = begin, 1
        self._warm = DEVICE_WARM

    def __call__(self) -> float:
        """Seconds of the work, the median of the samples of the turn that is taken here."""
        one = self._warmed()
        if one < SHORT and self._times == 1:
            one = self._record(min(MOST_RECORDED, math.ceil(DEVICE_SAMPLE / max(one, 1e-9))))
        self._warm = DEVICE_AGAIN
        calls = max(1, math.ceil(DEVICE_SAMPLE / max(one, 1e-9)))
        samples = DEVICE_SAMPLES if one < LONG else DEVICE_FEW
        return statistics.median(self._sample(calls) for _ in range(samples))

    def _sample(self, calls: int) -> float:
        """Seconds of one, the mean of so many at least that are queued one behind the other."""
        starts = -(-calls // self._times)
        first = self._clock.mark()
        for _ in range(starts):
            self._start()
        return self._clock.seconds(first, self._clock.mark()) / (starts * self._times)

    def _record(self, times: int) -> float:
        """From now on start it so many times at once; seconds of one."""
        self._start, self._times = self._clock.recorded(self._begin, times), times
        self._sample(1)  # the first brings the record to the device
        return self._sample(1)

    def _warmed(self) -> float:
        """Keep the device at work; seconds of one, of the last and largest sample."""
        calls, spent = self._times, 0.0
        while True:
            one = self._sample(calls)
            spent += one * calls
            if spent >= self._warm:
                return one
            calls = max(1, min(2 * calls, math.ceil((self._warm - spent) / max(one, 1e-9))))
