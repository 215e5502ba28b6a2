"""How long a movement of the pen takes to become a prediction on the screen."""

from __future__ import annotations

from collections import deque
from statistics import median

KEPT = 120


class PenClock:
    """A rolling record of seconds from input to the painted answer.

    Mirrors "latest only": one question is under way and one may wait. A waiting question is as old as the first
    movement that it stands for, so that skipped movements count in full.
    """

    def __init__(self) -> None:
        self.seconds: deque[float] = deque(maxlen=KEPT)
        self._asked: deque[float | None] = deque()
        self._answering: float | None = None

    def asked(self, at: float | None) -> None:
        """A question goes out for an input at `at`; None for one that no pen caused."""
        if len(self._asked) < 2:
            self._asked.append(at)
        elif self._asked[1] is None:
            self._asked[1] = at

    def answered(self) -> None:
        """The oldest question was answered; it counts once it is painted."""
        if self._asked:
            self._answering = self._asked.popleft()

    def painted(self, now: float) -> None:
        """The answer is on the screen."""
        if self._answering is not None:
            self.seconds.append(now - self._answering)
            self._answering = None

    def forget(self) -> None:
        """What was asked will not be answered."""
        self._asked.clear()
        self._answering = None

    @property
    def typical(self) -> float | None:
        """Median seconds of the record, or None before the first."""
        return median(self.seconds) if self.seconds else None
