"""What is on the screen as a line for the command line: a run, a benchmark, a lab."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.cli import bench, train
from app.cli.parser import command_line
from app.run_view import RunView
from engine import messages as m
from engine.config import RunConfig
from engine.labs import labs

LAB_THREADS = 1
"""Of a job in the window."""


@dataclass(frozen=True)
class Command:
    """arguments: of flipscope. caveat: in what it is not what was seen, a sentence; "" where it is the same."""

    arguments: Sequence[str]
    caveat: str = ""

    @property
    def line(self) -> str:
        """As it is typed into a shell of this system."""
        words = ["flipscope", *self.arguments]
        return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def of_config(config: RunConfig) -> Command:
    """Of a run that has not begun."""
    return Command(command_line("train", train.values_of(config)))


def of_run(run: RunView, *, raced: bool = False) -> Command:
    """Of a run that is seen. raced: by plain torch too."""
    caveat = "With --steps plain it is the other side of the race." if raced else ""
    if run.tuned:
        caveat = "Settings were changed while it ran: this has the newest of them from the first step on."
    elif run.first_step:
        caveat = f"What is seen went on from step {run.first_step:,} of a kept run: this trains it from the first."
    return Command(of_config(run.config).arguments, caveat)


def of_training_on(model: str, changes: Mapping[str, Any]) -> Command:
    """Of a run that goes on from a model file with these changes of its settings."""
    flags = {key: value for key, value in changes.items() if key in train.NAMED}
    others = [f"{key}={value}" for key, value in changes.items() if key not in flags]
    return Command(command_line("train", {"start": model, **flags, "set": others}))


def of_bench(command: m.Bench) -> Command:
    """Of a benchmark."""
    return Command(command_line("bench", bench.values_of(command)))


def of_lab(request: m.RunLab) -> Command:
    """Of a lab. Raises BadInput where no command asks for it."""
    values = labs()[request.lab].options(request)
    return Command(command_line(request.lab, values | {"threads": LAB_THREADS}))
