"""A watch on the event loop: what every delivery of an event costs the window's thread."""

from __future__ import annotations

import time
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Delivery:
    """One event given to its receiver, with all that its slots did, and what that took the thread.

    `receiver` is its class, with its object name where it has one, and that of its parent: a timer tells little.
    """

    seconds: float
    receiver: str
    event: str

    def __str__(self) -> str:
        return f"{1000 * self.seconds:.0f} ms for {self.event} to {self.receiver}"


class WatchedApplication(QApplication):
    """Measures the processor time of its thread, not the clock: how busy the machine is does not matter.

    A delivery within another is part of it. `deliveries` keeps those that took `at_least` seconds.
    """

    at_least = 0.005

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self.deliveries: list[Delivery] = []
        self._inside = False

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        if self._inside:
            return super().notify(receiver, event)
        self._inside = True
        name, kind = described(receiver), event.type()  # the receiver may be gone afterwards
        began = time.thread_time()
        try:
            return super().notify(receiver, event)
        finally:
            seconds = time.thread_time() - began
            self._inside = False
            if seconds >= self.at_least:
                self.deliveries.append(Delivery(seconds, name, kind.name))


def described(receiver: QObject) -> str:
    """A receiver in words."""
    parts = []
    for one in (receiver, receiver.parent()):
        if one is not None:
            name = one.objectName()
            parts.append(type(one).__name__ + (f" '{name}'" if name else ""))
    return " of ".join(parts)
