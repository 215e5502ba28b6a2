"""The other side of a race: a run without folder, saves or pictures, of which only its time and its scores are told."""

from __future__ import annotations

from collections.abc import Iterator

from engine import messages as m
from engine.config import RunConfig
from engine.training.loop import Diverged, LoopEvent, Scored
from engine.training.session import Clock, Stopwatch
from engine.training.trainable import Trainable
from engine.worker import Run

TOLD_EVERY = 0.1
"""Seconds of training between two words on how far it is, at the least."""


class GhostRun:
    """A run from its first step, timed as a shown one: scoring counts, rests do not. Raises as Trainable.beginning."""

    def __init__(self, config: RunConfig, clock: Clock) -> None:
        self._watch = Stopwatch(clock)
        self._loop = Trainable.beginning(config).loop("ghost", self._watch.seconds)
        self._told_at = 0.0

    def slices(self) -> Run:
        """Train until the budget is spent; the clock runs while this is driven."""
        self._watch.run()
        for event in self._loop.events():
            yield from self._tell(event)
            if isinstance(event, Diverged):
                return
            self._watch.run()  # it stood still if the lane rested in between
        yield self._how_far(resting=True)

    def at_rest(self) -> m.Ghost:
        """The clock stands still until it is driven on."""
        self._watch.stop()
        return self._how_far(resting=True)

    def _tell(self, event: LoopEvent) -> Iterator[m.Event | None]:
        seconds = self._watch.seconds()
        match event:
            case Scored(step, epoch, score):
                yield m.Scored("ghost", step, epoch, seconds, score.accuracy, score.loss, None, score.backend)
            case Diverged(step, why):
                what = f"Of the race's other side the loss is no longer a number since step {step}; it began in {why}."
                yield m.Failed("Race", what, "Race again with a lower learning rate.")
            case _ if seconds - self._told_at >= TOLD_EVERY:
                self._told_at = seconds
                yield self._how_far()
            case _:
                yield None

    def _how_far(self, *, resting: bool = False) -> m.Ghost:
        loop = self._loop
        return m.Ghost(loop.place.step, loop.epoch, self._watch.seconds(), loop.choice.title, resting)
