"""How long a job may still take, from how far it is; and how that is said, in the window and on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.messages import Progress

SURE = 0.02
"""Share of a job from which its pace can be told."""


class Pace:
    """Adds to Progress the time that is left, as if a job went on as fast as it went so far."""

    def __init__(self, clock: Callable[[], float], done: float = 0.0) -> None:
        """clock: seconds, e.g. time.monotonic; the job begins now. done: share of it that was done before."""
        self._clock, self._done = clock, done
        self._began = clock()

    def timed(self, event: Progress) -> Progress:
        """The event with its seconds_left, unless it has one or it is too early to say."""
        share = event.share
        if event.seconds_left is not None or share is None or share - self._done < SURE:
            return event
        return replace(event, seconds_left=(self._clock() - self._began) * (1 - share) / (share - self._done))


def progress_text(event: Progress) -> str:
    """ "Broken at p = 0.001, 40 %, about 12 s left"."""
    share = "" if event.share is None else f", {event.share:.0%}".replace("%", " %")
    return f"{event.doing}{share}{_left(event.seconds_left)}"


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 100:
        return f", about {max(1, round(seconds))} s left"
    return f", about {round(seconds / 60)} min left"
