"""How long a run took to an accuracy: the levels that are told of, and the words for it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from app.run_words import epochs
from engine.trace import Scores

LEVELS = (50.0, 60.0, 70.0, 80.0, 85.0, 90.0, 92.0, 95.0, 96.0, 97.0, 97.5, 98.0, 98.5, 99.0, 99.2, 99.4, 99.6, 99.8)
"""Accuracies that are told of, in %: closer together the nearer to all right."""


@dataclass(frozen=True)
class Course:
    """A run's scores, and (step, epoch, seconds of training) up to where it is."""

    scores: Scores
    now: tuple[float, float, float]

    @property
    def seconds(self) -> float:
        return self.now[2]


@dataclass(frozen=True)
class Mark:
    """The highest level that a run's scores reached, in %, and the seconds of training until the first that did."""

    level: float
    seconds: float

    @classmethod
    def of(cls, scores: Scores) -> Mark | None:
        """None below the lowest level."""
        reached = [(level, seconds) for level in LEVELS if (seconds := seconds_to(scores, level)) is not None]
        return cls(*reached[-1]) if reached else None

    @property
    def words(self) -> str:
        """ "97.5 % after 8.4 s"."""
        return f"{self.level:g} % after {lasting(self.seconds)}"

    @property
    def short(self) -> str:
        """The same where room is short: "97.5 %: 8.4 s"."""
        return f"{self.level:g} %: {lasting(self.seconds)}"


def seconds_to(scores: Scores, level: float) -> float | None:
    """Seconds of training until the first score of at least `level` %; None where none was."""
    index = scores.reached(level / 100)
    return None if index is None else float(scores.times[index])


def lasting(seconds: float) -> str:
    """A time of training, close enough to compare two: "8.4 s", "131 s"."""
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:,.0f} s"


def epochs_in(epoch: float, seconds: float) -> str:
    """What was done in how long: "30 epochs in 20.1 s"."""
    return f"{epochs(epoch)} in {lasting(seconds)}"
