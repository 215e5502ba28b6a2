"""What every child is asked and says, and what both are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

World = Literal["torch", "inference", "peers", "gpu", "diagrams"]
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Command:
    """What a child is asked. A command with a lane starts a generator there and ends the one before it.

    Among busy lanes the lowest `urgency` number goes first, so that a drawing is answered between two slices of a
    training run or an evaluation. A command without a lane is carried out at once.
    """

    lane: ClassVar[str | None] = None
    urgency: ClassVar[int] = 5


@dataclass(frozen=True)
class Pause(Command):
    """Rest the generator of a lane between two slices."""

    target: str


@dataclass(frozen=True)
class Resume(Command):
    target: str


@dataclass(frozen=True)
class StepOnce(Command):
    """Drive a lane until one step is complete, then rest it."""

    target: str


@dataclass(frozen=True)
class Cancel(Command):
    """End the generator of a lane; its `finally` runs."""

    target: str


@dataclass(frozen=True)
class Shutdown(Command):
    """End the child once what it is saving is saved."""


@dataclass(frozen=True)
class Ping(Command):
    """Answered by Pong at once, whatever else the child is doing."""


@dataclass(frozen=True)
class Job(Command):
    """What a job child is started for, in `world`: at most one at a time, ended at any moment.

    Its generator yields Progress, results and, where it cannot go on, a failure; then comes Done.
    alone: whether it times things, so that training rests meanwhile.
    """

    lane: ClassVar[str | None] = "job"
    world: ClassVar[World] = "inference"
    alone: ClassVar[bool] = False


@dataclass(frozen=True)
class Event:
    """What a child says."""


@dataclass(frozen=True)
class ChildReady(Event):
    """The child has imported what it needs. versions: e.g. {"python": "3.11.7", "torch": "2.14.1"}."""

    world: World
    pid: int
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pong(Event):
    """A sign of life."""


@dataclass(frozen=True)
class Failed(Event):
    """An expected failure of a command: what happened and what to do."""

    command: str
    what: str
    remedy: str = ""
    key: str = ""


@dataclass(frozen=True)
class Crashed(Event):
    """An unexpected failure inside a command; the child lives on. `report` is the traceback."""

    command: str
    report: str


@dataclass(frozen=True)
class Done(Event):
    """The generator of a lane came to its end."""

    lane: str


@dataclass(frozen=True)
class Progress(Event):
    """How far a long action is: what it is doing, a share 0..1 (None: unknown), seconds left if known."""

    lane: str
    doing: str
    share: float | None = None
    seconds_left: float | None = None
