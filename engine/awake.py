"""A clock that stands still while this process does: in a suspended machine, or stopped by Ctrl+Z or a debugger."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

Clock = Callable[[], float]

GAP = 5.0
"""Seconds between two looks at the clock that may have been sleep."""
IDLE = 0.02
"""They were, where the process had less than this share of them as CPU time: whoever computes uses it."""


class Awake:
    """Seconds of the time that passes, without those that were slept through; from any thread.

    A look at least every GAP seconds is all it asks for. Linux leaves a suspended machine out of its monotonic clock,
    other systems do not, and none leaves out a process that is stopped.
    """

    def __init__(self, wall: Clock = time.monotonic, worked: Clock = time.process_time) -> None:
        """worked: CPU time of the process, in seconds."""
        self._wall, self._worked = wall, worked
        self._looking = threading.Lock()
        self._before = wall(), worked()
        self._slept = 0.0

    def __call__(self) -> float:
        with self._looking:
            now, worked = self._wall(), self._worked()
            gap, work = now - self._before[0], worked - self._before[1]
            if gap > GAP and work < IDLE * gap:
                self._slept += gap
            self._before = now, worked
            return now - self._slept


_OF_THIS_PROCESS = Awake()


def awake() -> float:
    """Seconds by the clock of this process; a function, so that it can be named to another one."""
    return _OF_THIS_PROCESS()
