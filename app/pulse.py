"""Whether a child still answers: one that is stopped, or stuck outside Python, says nothing of it itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

BEAT_MS = 2000
MISSED = 5
"""Beats without a word after which a child counts as silent. A window that was stopped itself counts none meanwhile."""


STARTING = 60
"""The same of a child that has not said anything yet: on a busy machine it may import for a while."""


class Pulse(QObject):
    """Asks a child for a sign of life at each beat. `silent` says that none has come, or that one came after all.

    Attributes:
        heard: set from any thread, at every word of the child.
    """

    silent = Signal(bool)

    def __init__(self, ask: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ask = ask
        self._missed, self._patience = 0, STARTING
        self.heard = False
        self._timer = QTimer(self, interval=BEAT_MS)
        self._timer.timeout.connect(self.beat)

    def start(self) -> None:
        """Begin with a child that is being started."""
        self._missed, self._patience, self.heard = 0, STARTING, False
        self._timer.start()

    def stop(self) -> None:
        """The child is gone, or was asked to go."""
        self._timer.stop()

    def beat(self) -> None:
        """Look whether the child has said anything since the last beat, and ask it to."""
        was_silent = self._missed >= self._patience
        if self.heard:
            self._missed, self._patience = 0, MISSED
        else:
            self._missed += 1
        self.heard = False
        if was_silent != (self._missed >= self._patience):
            self.silent.emit(not was_silent)
        self._ask()
