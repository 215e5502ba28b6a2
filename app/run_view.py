"""The run as the window knows it: built up from the trainer's events, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from app.time_to_accuracy import Course
from engine import messages as m
from engine.config import RunConfig
from engine.history import History
from engine.trace import Trace

State = Literal[
    "none",
    "starting",
    "running",
    "yielding",
    "waiting",
    "paused",
    "evaluating",
    "saving",
    "finished",
    "stopped",
    "lost",
]


@dataclass
class RunView:
    """One run. `lost` means that the trainer died under it; `saved` is where it can be resumed from.

    `yielding` and `waiting`: it gives way to another's turn (app.race), and rests for it.
    refused: why the newest save failed, until there is a newer one.
    first_step: where it was when this window saw it first. tuned: whether settings were changed since. stepper: who
    makes its steps, and stepper_why no faster one can.
    """

    state: State = "none"
    why: str = ""
    config: RunConfig = field(default_factory=RunConfig)
    name: str = ""
    folder: str = ""
    layers: tuple[tuple[str, int, int], ...] = ()
    window: tuple[int, int, int] = (28, 28, 1)
    class_names: tuple[str, ...] = ()
    steps_per_epoch: int = 0
    stepper: str = ""
    stepper_why: str = ""
    first_step: int = 0
    tuned: bool = False
    step: int = 0
    epoch: float = 0.0
    time: float = 0.0
    steps_per_second: float = 0.0
    probe_fraction: float = 0.0
    accuracy: float | None = None
    saved: m.Saved | None = None
    refused: m.NotSaved | None = None
    history: History = field(default_factory=History)

    @property
    def active(self) -> bool:
        """Whether a run is under way, resting or not."""
        return self.moving or self.state == "paused"

    @property
    def moving(self) -> bool:
        """Whether steps are being made, if need be in turns."""
        return self.state in ("starting", "running", "yielding", "waiting", "evaluating", "saving")

    def begin(self, event: m.RunStarted) -> None:
        """Take over the facts of a run; a resumed run goes on with what was seen of it, another begins anew."""
        if event.run != self.name:
            self.history.close()
            self.history = History()
            self.accuracy = None
            self.saved = self.refused = None
            self.time = 0.0
            self.first_step, self.tuned = event.step, False
        elif event.step < self.step:
            self.history.rewind(event.step)
        self.name, self.folder, self.config = event.run, event.folder, event.config
        self.layers, self.steps_per_epoch = event.layers, event.steps_per_epoch
        self.stepper, self.stepper_why = event.stepper, event.stepper_why
        self.window, self.class_names = event.window, event.class_names
        self.step, self.epoch = event.step, event.step / max(1, event.steps_per_epoch)
        self.why = ""

    def become(self, event: m.RunState) -> None:
        """Take over a state. What comes to rest to give way waits; what it says before that is of steps before."""
        gives_way = self.state in ("yielding", "waiting")
        if gives_way and event.state == "paused" and not event.why:
            self.state = "waiting"
        elif not (gives_way and event.state in ("running", "evaluating", "saving")):
            self.state, self.why = event.state, event.why

    def tune(self, event: m.Tuned) -> None:
        """Take over a changed setting."""
        self.config, self.tuned = event.config, True
        self.stepper, self.stepper_why = event.stepper, event.stepper_why

    def save(self, event: m.Saved) -> None:
        """It can be resumed from here."""
        self.saved, self.refused = event, None

    def show(self, frame: m.Frame) -> None:
        """Take over a frame."""
        self.step, self.epoch, self.time = frame.step, frame.epoch, frame.time
        self.steps_per_second, self.probe_fraction = frame.steps_per_second, frame.probe_fraction
        self.history.add(frame)

    def take_past(self, past: m.RunPast) -> None:
        """Take over what was seen of it before this window saw it; what the window saw itself is better."""
        if not len(self.history):
            self.history.take_past(past)
            self.accuracy = past.scores[-1].accuracy if past.scores else None

    def course(self) -> Course:
        """Its scores and how far it is."""
        return Course(self.history.scores(), (float(self.step), self.epoch, self.time))

    def trace(self) -> Trace:
        """Its curves, to be compared with those of kept runs."""
        weights = tuple(outputs * inputs for _, outputs, inputs in self.layers)
        return self.history.trace(weights, (float(self.step), self.epoch, self.time))

    def score(self, event: m.Scored) -> None:
        """Take over a score of the test set."""
        self.accuracy = event.accuracy
        self.history.add_score(event)
