"""A watch on the event loop: what every delivery of an event costs the window's thread."""

from __future__ import annotations

import gc
import time
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

LIMIT = 0.05
"""Seconds that one delivery may take a core that is not shared."""
STEADY = 0.001
"""Seconds that `pace` takes such a core of the machine that the limit was set on; a faster one is held to the same."""


@dataclass(frozen=True)
class Delivery:
    """One event given to its receiver, with all that its slots did, and what that took the thread.

    `receiver` is its class, with its object name where it has one, and that of its parent: a timer tells little.
    `slowness` is how many times as long as on a core of one's own everything took then.
    """

    seconds: float
    receiver: str
    event: str
    slowness: float = 1.0

    @property
    def too_long(self) -> bool:
        """Whether it would have been too long on a core of its own, too."""
        return self.seconds > LIMIT * self.slowness

    def __str__(self) -> str:
        slow = f", everything being {self.slowness:.1f} times slow" if self.slowness > 1 else ""
        return f"{1000 * self.seconds:.0f} ms for {self.event} to {self.receiver}{slow}"


class WatchedApplication(QApplication):
    """Measures the processor time of its thread, not the clock: how busy the machine is does not matter much.

    It does a little: who shares a core's two threads is slower, about twice at most, which is measured beside. A
    delivery within another is part of it; the garbage collector, which comes when it likes, is not. `deliveries` keeps
    those that took `at_least` seconds.
    """

    at_least = 0.005

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self.deliveries: list[Delivery] = []
        self._inside = False
        self._collecting = self._since = 0.0
        self._paces: deque[float] = deque([STEADY], maxlen=4)
        gc.callbacks.append(self._collects)

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        if self._inside:
            return super().notify(receiver, event)
        self._inside, self._collecting = True, 0.0
        name, kind = described(receiver), event.type()  # the receiver may be gone afterwards
        began = time.thread_time()
        try:
            return super().notify(receiver, event)
        finally:
            seconds = time.thread_time() - began - self._collecting
            self._inside = False
            if seconds >= self.at_least:
                self.deliveries.append(Delivery(seconds, name, kind.name, self._slowness() if seconds > LIMIT else 1.0))

    def _slowness(self) -> float:
        """Of lately: who shares the core comes and goes."""
        self._paces.append(pace())
        return max(1.0, *(one / STEADY for one in self._paces))

    def _collects(self, phase: str, _info: object) -> None:
        if phase == "start":
            self._since = time.thread_time()
        else:
            self._collecting += time.thread_time() - self._since


def pace() -> float:
    """Seconds that a fixed piece of work takes this thread now, median of five times."""
    return sorted(_piece() for _ in range(5))[2]


def _piece() -> float:
    began = time.thread_time()
    counts: dict[int, int] = {}
    for i in range(20_000):
        counts[i % 97] = i
    return time.thread_time() - began


def described(receiver: QObject) -> str:
    """A receiver in words."""
    parts = []
    for one in (receiver, receiver.parent()):
        if one is not None:
            name = one.objectName()
            parts.append(type(one).__name__ + (f" '{name}'" if name else ""))
    return " of ".join(parts)
