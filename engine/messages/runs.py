"""The protocol about kept runs: what the window asks the inference worker, and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.config import RunConfig
from engine.messages.base import Command, Event
from engine.trace import Trace


@dataclass(frozen=True)
class ListRuns(Command):
    """Read what is known of every run under `root`, newest first; answered by RunList…, the last one complete."""

    lane: ClassVar[str | None] = "runs"
    urgency: ClassVar[int] = 4
    root: str


@dataclass(frozen=True)
class RunCommand(Command):
    """Something about one kept run. key: its folder; answered by an event of the same key, or Failed."""

    urgency: ClassVar[int] = 3
    key: str


@dataclass(frozen=True)
class ReadRun(RunCommand):
    """Read its curves, changes and checkpoints; answered by RunRead."""


@dataclass(frozen=True)
class DescribeRun(RunCommand):
    """Put its title or its note down, where one is given; answered by RunListed."""

    title: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class DeleteRun(RunCommand):
    """Move it out of the list, whence it can be restored for some days; answered by RunDeleted."""


@dataclass(frozen=True)
class RestoreRun(RunCommand):
    """Bring a deleted run back; answered by RunListed."""


@dataclass(frozen=True)
class ExportRun(RunCommand):
    """Write its metrics as CSV, its network as a model file, or all of it as a zip; answered by RunExported."""

    what: Literal["csv", "model", "zip"]
    path: str


@dataclass(frozen=True)
class ImportRun(RunCommand):
    """Put a zipped run, the file `key`, among those under `root`; answered by RunImported."""

    root: str


@dataclass(frozen=True)
class RunRow:
    """One kept run in a list.

    key: its folder; title, note: what people wrote, "" for nothing; created: seconds since 1970; origin: whence it
    branched, (run, step, epoch). config: its settings as they are now; epoch: fractional; accuracy: of the last score;
    best: of the best one; curve: accuracies from first to last, some of them where there are many.
    saved: its newest save, "" where there is none to go on from.
    problem: what of it cannot be read, and why; without a config nothing can.
    """

    key: str
    name: str
    title: str = ""
    note: str = ""
    created: float = 0.0
    origin: tuple[str, int, int] | None = None
    config: RunConfig | None = None
    step: int = 0
    epoch: float = 0.0
    seconds: float = 0.0
    accuracy: float | None = None
    best: float | None = None
    curve: tuple[float, ...] = ()
    saved: str = ""
    problem: str = ""


@dataclass(frozen=True)
class RunList(Event):
    """More rows of the list that was asked for; `complete` with the last of them."""

    root: str
    rows: tuple[RunRow, ...]
    complete: bool


@dataclass(frozen=True)
class RunListed(Event):
    """One row is as follows now, or is there again."""

    key: str
    row: RunRow


@dataclass(frozen=True)
class KeptCheckpoint:
    """A checkpoint that a run can be branched from; octets: size of its file."""

    path: str
    step: int
    epoch: int
    octets: int
    newest: bool


@dataclass(frozen=True)
class RunRead(Event):
    """A kept run as a whole. changes: live changes, (step, setting, value), oldest first."""

    key: str
    trace: Trace
    checkpoints: tuple[KeptCheckpoint, ...]
    changes: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class RunDeleted(Event):
    """The run left the list."""

    key: str


@dataclass(frozen=True)
class RunImported(Event):
    """The run of a zip file, `key`, is among the others; row: what is known of it."""

    key: str
    row: RunRow


@dataclass(frozen=True)
class RunExported(Event):
    """What was asked for is on the disk."""

    key: str
    path: str
