"""The protocol of labs; what each lab adds is in its own room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.messages.base import Event, Job


@dataclass(frozen=True)
class RunLab(Job):
    """Run a lab (engine.labs); each has a subclass of its own. lab: its name."""

    lab: ClassVar[str]


@dataclass(frozen=True)
class LabResult(Event):
    """A result of a lab, whole in itself; each lab has subclasses of its own, of numbers, texts and numpy arrays."""
