"""The race: the run that is seen against the same run by plain torch, in turns, each with the machine to itself.

Two trainers at once would share cores, caches and memory, and neither's seconds would be its own. So one rests while
the other trains, and both are timed by the seconds that they train; the ghost first catches up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.jobs import Jobs
from app.notices import Notice
from app.run_session import RunSession
from app.time_to_accuracy import Course
from engine import messages as m
from engine.config import RunConfig
from engine.trace import Scores

TURN = 1.0
"""Seconds of training by which the run gets ahead before it is the ghost's turn."""
WHO = "The race"


@dataclass
class Ghost:
    """The other side as the window knows it. state: `starting` until it can make steps, `over` once it makes none."""

    config: RunConfig
    state: Literal["starting", "resting", "going", "over"] = "starting"
    step: int = 0
    epoch: float = 0.0
    time: float = 0.0
    stepper: str = "plain torch"
    scores: list[m.Scored] = field(default_factory=list)

    def take(self, event: m.Ghost | m.Scored) -> None:
        """Take over how far it is."""
        self.step, self.epoch, self.time = event.step, event.epoch, event.time
        if isinstance(event, m.Scored):
            self.scores.append(event)
            return
        self.stepper = event.stepper
        self.state = "resting" if event.resting else "going"

    def course(self) -> Course:
        """Its scores and how far it is."""
        rows = np.array([(s.step, s.epoch, s.accuracy, s.loss, s.time) for s in self.scores], np.float64).reshape(-1, 5)
        return Course(Scores(rows[:, 0].astype(np.int64), *rows[:, 1:].T), (float(self.step), self.epoch, self.time))


class Race(QObject):
    """Gives the turns. `changed` tells that a race begins or ends, or how far the ghost is now."""

    changed = Signal()

    def __init__(self, jobs: Jobs, training: RunSession) -> None:
        super().__init__(training)
        self._jobs, self._training = jobs, training
        self._config = RunConfig()
        self._may_go = False  # what the ghost was told last
        self.ghost: Ghost | None = None
        jobs.said.connect(self._said)
        jobs.changed.connect(self._job_changed)
        training.run_began.connect(self._run_began)
        training.run_changed.connect(self._settle)
        training.frame_arrived.connect(lambda _frame: self._settle())

    @property
    def under_way(self) -> bool:
        """Whether the ghost makes steps, or waits for its turn."""
        return isinstance(self._jobs.command, m.Race)

    @property
    def problem(self) -> str:
        """Why none can be begun now, a sentence; "" where one can."""
        run = self._training.run
        if not run.name or run.state in ("none", "starting", "lost"):
            return "Press Run first: plain torch races the run that is seen."
        if run.stepper_why:
            return f"Plain torch makes the steps of this run already. {run.stepper_why}"
        return self._jobs.busy

    def toggle(self) -> None:
        """Begin a race, or end the one under way; where none can be begun, say why."""
        if self.under_way:
            self._jobs.cancel()
        elif self.problem:
            self._training.noticed.emit(Notice("learn", self.problem))
        else:
            self._begin()

    def _begin(self) -> None:
        self._config = self._training.run.config
        self.ghost, self._may_go = Ghost(self._config.changed("steps", "plain")), False
        self._jobs.start(m.Race(self.ghost.config), "learn", WHO)
        self._settle()
        self.changed.emit()

    # ------------------------------------------------------------ what happens

    def _said(self, command: m.Job, event: m.Event) -> None:
        if isinstance(command, m.Race) and isinstance(event, m.Ghost | m.Scored) and self.ghost is not None:
            self.ghost.take(event)
            self._settle()
            self.changed.emit()

    def _job_changed(self) -> None:
        """Where the race is over, the run has the machine to itself again; the ghost's curve stays."""
        if not self.under_way and self.ghost is not None and self.ghost.state != "over":
            self.ghost.state = "over"
            self._training.go_on()
        self.changed.emit()

    def _run_began(self, another: bool) -> None:
        if another:
            self._forget()

    def _forget(self) -> None:
        if self.under_way:
            self._jobs.cancel()
        self.ghost = None
        self.changed.emit()

    def _setting_changed(self) -> bool:
        """End the race where the run is no longer the one that is raced; whether it is not."""
        run = self._training.run
        if self.ghost is None or self._training.awaited or run.config == self._config:
            return False
        if self.under_way:
            what = "The race is over: a setting of the run was changed, and the ghost has the old one."
            self._training.noticed.emit(Notice("learn", what, "Race again, with the new one from the first step on."))
        self._forget()
        return True

    # ------------------------------------------------------------ turns

    def _settle(self) -> None:
        """Let the one train whose turn it is, once the other is at rest."""
        if self._setting_changed() or not self.under_way or self.ghost is None:
            return
        run, whose = self._training.run, self._whose(self.ghost)
        if whose == "ghost":
            self._training.give_way()
            self._let(self.ghost, self.ghost.state != "starting" and (not run.active or run.state == "waiting"))
        else:
            self._let(self.ghost, False)
            if whose == "run" and self.ghost.state == "resting":
                self._training.go_on()

    def _whose(self, ghost: Ghost) -> Literal["run", "ghost", "nobody"]:
        """While a person lets the run rest, nobody's; when it is over, the ghost's alone, and while that starts."""
        run = self._training.run
        if run.state == "paused":
            return "nobody"
        if not run.active or ghost.state == "starting":
            return "ghost"
        return "ghost" if ghost.time + (0.0 if self._may_go else TURN) <= run.time else "run"

    def _let(self, ghost: Ghost, go: bool) -> None:
        child = self._jobs.child
        if go != self._may_go and child is not None:
            self._may_go = go
            if go:
                ghost.state = "going"
            child.send(m.Resume("job") if go else m.Pause("job"))
