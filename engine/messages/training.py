"""The protocol of the torch world: runs and what is seen of them, and data sets to fetch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words
from engine.config import RunConfig
from engine.messages.base import Command, Event, Job, World

BINS = 64
LATENT_RANGE = (-1.2, 1.2)
PREACTIVATION_RANGE = (-3.0, 3.0)


@dataclass(frozen=True)
class StartRun(Command):
    """Train from the beginning; a new run folder under `runs`. Rests before its first step where `paused`."""

    lane: ClassVar[str | None] = "run"
    config: RunConfig
    runs: str
    paused: bool = False


@dataclass(frozen=True)
class ContinueRun(Command):
    """Train on from a checkpoint or a model file that holds its training state.

    A run goes on in its own folder only from its newest save, and only if not `apart`; else a new one branches off.
    """

    lane: ClassVar[str | None] = "run"
    path: str
    paused: bool = False
    apart: bool = False


@dataclass(frozen=True)
class TrainOn(Command):
    """Train a model on, with settings for that (training.start) and these changes; a new run folder under `runs`."""

    lane: ClassVar[str | None] = "run"
    model: str
    changes: dict[str, Any]
    runs: str


@dataclass(frozen=True)
class StopRun(Command):
    """Save and end the run under way."""


@dataclass(frozen=True)
class Tune(Command):
    """Change one live setting of the run under way (engine.config.LIVE); answered by Tuned or Failed."""

    urgency: ClassVar[int] = 1
    key: str
    value: Any


@dataclass(frozen=True)
class Watch(Command):
    """Make the following frames carry one weight's latent value and flips; row -1 watches nothing."""

    layer: int
    row: int
    column: int


@dataclass(frozen=True)
class Ack(Command):
    """The window has shown frame `seq` and has room for the next; `layers`: with pictures of the layers."""

    seq: int
    layers: bool = True


@dataclass(frozen=True)
class RunStarted(Event):
    """A run is under way. layers: (name, outputs, inputs) each; step 0 or where it was resumed.

    window: what one output of the first layer sees, (height, width, channels); the whole image, or a convolution's
    window of it. class_names: of the data set. stepper: who makes the steps, and stepper_why no faster one can.
    """

    run: str
    folder: str
    config: RunConfig
    layers: tuple[tuple[str, int, int], ...]
    step: int
    steps_per_epoch: int
    train_images: int
    stepper: str
    window: tuple[int, int, int] = (28, 28, 1)
    class_names: tuple[str, ...] = ()
    stepper_why: str = ""


@dataclass(frozen=True)
class RunState(Event):
    """What a run is doing now. `why` explains a pause that nobody asked for (a loss that is not a number)."""

    run: str
    state: Literal["running", "paused", "evaluating", "saving", "finished", "stopped"]
    why: str = ""


@dataclass(frozen=True)
class Tuned(Event):
    """A live setting was changed from this step on; `config` is the whole of it now.

    stepper, stepper_why: as in RunStarted.
    """

    run: str
    step: int
    key: str
    value: Any
    config: RunConfig
    stepper: str = ""
    stepper_why: str = ""


@dataclass(frozen=True)
class Scalars:
    """Every step since the last frame, oldest first, one row a step.

    step: int64 [n]; loss, accuracy (share of the batch): float32 [n]; flips: float32 [n, layers], share of weights.
    """

    step: NDArray[np.int64]
    loss: NDArray[np.float32]
    accuracy: NDArray[np.float32]
    flips: NDArray[np.float32]


@dataclass(frozen=True)
class LayerFrame:
    """What is seen of one layer.

    signs: uint64 [outputs, words]; tile_flips: uint32 [ceil(outputs/8), words], flips since the last frame in tiles
    of 8 outputs x 64 inputs; flips: their sum; flip_rate: share of weights flipped a step, mean since the last frame.
    latent_histogram: int64 [64] over LATENT_RANGE; clipped: share of |latent| >= 1.
    preactivation_histogram: int64 [64] over PREACTIVATION_RANGE, outer bins open; positive: share >= 0.
    Histograms may be of a sample.
    """

    name: str
    outputs: int
    inputs: int
    signs: Words
    tile_flips: NDArray[np.uint32]
    flips: int
    flip_rate: float
    latent_histogram: NDArray[np.int64]
    clipped: float
    preactivation_histogram: NDArray[np.int64]
    positive: float


@dataclass(frozen=True)
class WatchTrace:
    """The watched weight, every step since the last frame: its latent value, and its flips since watching began."""

    layer: int
    row: int
    column: int
    step: NDArray[np.int64]
    latent: NDArray[np.float32]
    flips: int


@dataclass(frozen=True)
class Frame(Event):
    """What is seen of training since the last frame; `layers` is empty in a light frame (curves only).

    epoch: fractional; time: seconds of training so far (pauses not counted);
    probe_fraction: share of that time spent on looking; steps_per_second: over the last second, 0 where
    a score has just interrupted it.
    """

    run: str
    seq: int
    step: int
    epoch: float
    time: float
    scalars: Scalars
    layers: tuple[LayerFrame, ...]
    watch: WatchTrace | None
    rate: float
    steps_per_second: float
    probe_fraction: float


@dataclass(frozen=True)
class Scored(Event):
    """The test set scored during a run, by the folded network with re-estimated batch-norm.

    accuracy: 0..1; confusion: int64 [classes, classes], rows the true class, or None where it was not kept;
    backend: who scored it.
    """

    run: str
    step: int
    epoch: float
    time: float
    accuracy: float
    loss: float
    confusion: NDArray[np.int64] | None
    backend: str


@dataclass(frozen=True)
class RunPast(Event):
    """What a run that goes on left in its folder: its curves (engine.curves) and scores up to now."""

    run: str
    curves: dict[str, NDArray[Any]]
    scores: tuple[Scored, ...]


@dataclass(frozen=True)
class Snapshot(Event):
    """The folded network of this moment, as the bytes of a model file."""

    run: str
    step: int
    data: bytes


@dataclass(frozen=True)
class Saved(Event):
    """What is announced here is on the disk and can be resumed from."""

    run: str
    step: int
    epoch: float
    path: str


@dataclass(frozen=True)
class NotSaved(Event):
    """The disk refused a save: why, and what to do. The run goes on, and `Saved` follows when it takes one again."""

    run: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Race(Job):
    """Train a run once more, beside the one that is seen: no folder, no pictures. It rests before its first step.

    Answered by Ghost… and Scored…, Done.
    """

    world: ClassVar[World] = "torch"
    config: RunConfig
    paused: bool = True


@dataclass(frozen=True)
class Ghost(Event):
    """How far the other side of a race is: some times a second, and whenever it comes to rest.

    epoch: fractional; time: seconds of training, rests not counted; stepper: who makes its steps.
    """

    step: int
    epoch: float
    time: float
    stepper: str
    resting: bool = False


@dataclass(frozen=True)
class FetchData(Job):
    """Fetch a data set by name; answered by Progress…, DataFetched and Done."""

    world: ClassVar[World] = "torch"
    name: str


@dataclass(frozen=True)
class DataFetched(Event):
    """A data set is on this machine now, kept in the file at `path`."""

    name: str
    path: str
