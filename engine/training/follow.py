"""Every process of a job but the first: it makes the same steps, and leaves evaluating, saving and speaking to that."""

from __future__ import annotations

from collections.abc import Callable

from engine.training.loop import StepDone
from engine.training.parallel import World
from engine.training.trainable import Trainable


def follow(start: Trainable, world: World, stopping: Callable[[], bool]) -> None:
    """Train until the budget is spent, or one of the processes is stopping. Raises PeerLost."""
    loop = start.loop("", lambda: start.saved.seconds, world)
    for event in loop.events():
        if loop.diverged or (isinstance(event, StepDone) and world.any(stopping())):
            return
