"""The whole protocol between the window and its children: frozen dataclasses, numpy only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words
from engine.config import RunConfig

World = Literal["torch", "inference", "peers", "gpu"]
Image = NDArray[np.uint8]
Counts = NDArray[np.int64]

# ---------------------------------------------------------------- to a child


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


# -- torch world


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


# -- inference world


@dataclass(frozen=True)
class ListBackends(Command):
    """Probe every backend; answered by BackendList."""


@dataclass(frozen=True)
class SettleBackends(Command):
    """Make ready what takes long (a GPU's self-test); BackendList tells of each when it is. Everything else goes first.

    Those backends are left out from ListBackends on until then.
    """

    lane: ClassVar[str | None] = "settle"
    urgency: ClassVar[int] = 9


@dataclass(frozen=True)
class LeaveOut(Command):
    """Use a backend no more in this process; what is told of it instead."""

    backend: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Readmit(Command):
    """Ask a backend that was left out itself again; ListBackends and SettleBackends tell the rest."""

    backend: str


@dataclass(frozen=True)
class LoadModel(Command):
    """Keep a model under `key`: from a file, or from the bytes of one; answered by ModelLoaded or Failed."""

    key: str
    path: str = ""
    data: bytes = b""


@dataclass(frozen=True)
class Prepare(Command):
    """Read a picture file and bring it to the input of model `key`; answered by Prepared or Failed."""

    lane: ClassVar[str | None] = "prepare"
    urgency: ClassVar[int] = 1
    request: int
    path: str
    key: str


@dataclass(frozen=True)
class Predict(Command):
    """Score one prepared image u8 [H, W, C] with every ready backend; a newer request replaces an older one."""

    lane: ClassVar[str | None] = "predict"
    urgency: ClassVar[int] = 0
    request: int
    key: str
    image: Image


@dataclass(frozen=True)
class Wear(Command):
    """Predict with this share of every packed model's weight bits broken from now on; Evaluate does without.

    Always the same bits, and at a higher rate those of a lower one as well. Answered by Worn, which shows one layer of
    model `key`.
    """

    lane: ClassVar[str | None] = "wear"
    urgency: ClassVar[int] = 1
    key: str
    rate: float
    layer: int = 0


@dataclass(frozen=True)
class Evaluate(Command):
    """Score the test set with model `key` by each named backend; how many agree with the first."""

    lane: ClassVar[str | None] = "evaluate"
    urgency: ClassVar[int] = 6
    key: str
    backends: tuple[str, ...]
    limit: int | None = None


@dataclass(frozen=True)
class EvaluateTwin(Evaluate):
    """The same for the comparison model, in a lane of its own."""

    lane: ClassVar[str | None] = "twin"
    urgency: ClassVar[int] = 7


# -- a job child


@dataclass(frozen=True)
class Job(Command):
    """What a job child is started for, in `world`: at most one at a time, at lower priority, ended at any moment.

    Its generator yields Progress, results and, where it cannot go on, a failure; then comes Done.
    alone: whether it times things, so that training rests meanwhile.
    """

    lane: ClassVar[str | None] = "job"
    world: ClassVar[World] = "inference"
    alone: ClassVar[bool] = False


@dataclass(frozen=True)
class RunLab(Job):
    """Run a lab (engine.labs); each has a subclass of its own. lab: its name."""

    lab: ClassVar[str]


@dataclass(frozen=True)
class FetchData(Job):
    """Fetch a data set by name; answered by Progress…, DataFetched and Done."""

    world: ClassVar[World] = "torch"
    name: str


@dataclass(frozen=True)
class Bench(Job):
    """A benchmark; answered by BenchPeak, BenchRow… and Done."""

    alone: ClassVar[bool] = True


@dataclass(frozen=True)
class BenchGemm(Bench):
    """Time the +-1 product M x N x K by every backend and float peer."""

    shapes: tuple[tuple[int, int, int], ...]
    threads: int = 1
    quick: bool = False


@dataclass(frozen=True)
class BenchNet(Bench):
    """Time whole random networks, e.g. ("784-1024x3-10", 100): architecture and batch."""

    cases: tuple[tuple[str, int], ...]
    threads: int = 1
    quick: bool = False


@dataclass(frozen=True)
class BenchConv(Bench):
    """Time one binary 3x3 convolution with its threshold, e.g. ("128@32x32", 16): channels @ image, and batch."""

    cases: tuple[tuple[str, int], ...]
    threads: int = 1
    quick: bool = False


@dataclass(frozen=True)
class OpenDevice(Command):
    """In a process of its own: open the GPU; answered by DeviceOpened."""


@dataclass(frozen=True)
class CheckKernels(Command):
    """In a process of its own: hold the kernels of a module against the CPU; answered by KernelsChecked."""

    module: str


@dataclass(frozen=True)
class TimeKernels(Command):
    """In a process of its own: time a workload (see gpu.workloads) with a module; answered by KernelsTimed."""

    module: str
    workload: str


@dataclass(frozen=True)
class Peer(Command):
    """In a process of its own: let another library take one turn at a case; answered by PeerTime or Failed.

    method: how that library is to do it, see engine.training.peers and engine.inference.peers.
    """

    method: str
    threads: int


@dataclass(frozen=True)
class PeerProduct(Peer):
    """A product of +-1, shape (M, N, K): [M, K] x [K, N]."""

    shape: tuple[int, int, int]


@dataclass(frozen=True)
class PeerNetwork(Peer):
    """A float32 MLP of these widths, ReLU between its layers, on a batch."""

    widths: tuple[int, ...]
    batch: int


@dataclass(frozen=True)
class PeerConv(Peer):
    """A 3x3 convolution, stride 1, padding 1, of float32 maps [batch, channels, height, width] to as many channels."""

    channels: int
    height: int
    width: int
    batch: int


# ---------------------------------------------------------------- to the window


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
class BackendLost(Event):
    """A backend failed in the middle and is of no use in this child, which ends after this."""

    backend: str
    what: str
    remedy: str


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


# -- training


@dataclass(frozen=True)
class RunStarted(Event):
    """A run is under way. layers: (name, outputs, inputs) each; step 0 or where it was resumed.

    window: what one output of the first layer sees, (height, width, channels); the whole image, or a convolution's
    window of it. class_names: of the data set.
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


@dataclass(frozen=True)
class RunState(Event):
    """What a run is doing now. `why` explains a pause that nobody asked for (a loss that is not a number)."""

    run: str
    state: Literal["running", "paused", "evaluating", "saving", "finished", "stopped"]
    why: str = ""


@dataclass(frozen=True)
class Tuned(Event):
    """A live setting was changed from this step on; `config` is the whole of it now."""

    run: str
    step: int
    key: str
    value: Any
    config: RunConfig


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


BINS = 64
LATENT_RANGE = (-1.2, 1.2)
PREACTIVATION_RANGE = (-3.0, 3.0)


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
    probe_fraction: share of that time spent on looking; steps_per_second: over the last second.
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
class DataFetched(Event):
    """A data set is on this machine now, kept in the file at `path`."""

    name: str
    path: str


# -- inference


@dataclass(frozen=True)
class BackendInfo:
    """One backend for people: ready on `device`, or not and why and what to do.

    note: what to know of a ready one. device_in_use: it works on a device beside the CPU, or is being made ready on
    one, and may take the worker along.
    """

    name: str
    kind: str
    rank: int
    ready: bool
    device: str = ""
    reason: str = ""
    remedy: str = ""
    note: str = ""
    device_in_use: bool = False


@dataclass(frozen=True)
class BackendList(Event):
    rows: tuple[BackendInfo, ...]


@dataclass(frozen=True)
class ModelInfo:
    """What the pages know of a loaded model.

    form: "packed" or "float". layers: (outputs, inputs) of each layer with weights; of a convolution all values of
    its map, and the terms of one sum.
    float_bytes: what the same weights take in float32.
    """

    key: str
    form: Literal["packed", "float"]
    name: str
    architecture: str
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    preparation: str
    dataset: str
    accuracy: float | None
    layers: tuple[tuple[int, int], ...]
    weight_count: int
    weight_bytes: int
    float_bytes: int


@dataclass(frozen=True)
class ModelLoaded(Event):
    info: ModelInfo


@dataclass(frozen=True)
class Prepared(Event):
    """A picture brought to a model's input: u8 [H, W, C]; `blank` where there is nothing on it.

    picture: the picture itself in grey for showing, u8 [h, w], ink bright, at most 512 a side.
    """

    request: int
    image: Image
    picture: Image
    blank: bool


@dataclass(frozen=True)
class Vote:
    """What one backend said of one image; `scores` is None where it could not (see reason).

    seconds: median of a few timed calls of this one image.
    """

    backend: str
    kind: str
    device: str
    scores: NDArray[np.float32] | None
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class LayerSigns:
    """One hidden layer on one image: int32 sums [outputs] before the sign, bits uint64 [words], outputs.

    A map is told flat, in the order (row, column, channel). value: float32 [outputs], what the signs are of where
    that is not a sum and its threshold but the network's value, shortcuts added.
    """

    sums: NDArray[np.int32]
    bits: Words
    outputs: int
    value: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Prediction(Event):
    """The answer to Predict. identical: all backends gave the same scores, bit for bit."""

    request: int
    key: str
    votes: tuple[Vote, ...]
    layers: tuple[LayerSigns, ...]
    identical: bool


@dataclass(frozen=True)
class Worn(Event):
    """What is broken of a packed model. counts: bits broken, and bits, of each layer.

    weights, broken: one layer's sound weights and which of them are flipped, uint64 [outputs, W], without padding
    within a row. shape: of a row as a picture (height, width, channels).
    """

    key: str
    rate: float
    layer: int
    weights: Words
    broken: Words
    shape: tuple[int, int, int]
    counts: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class BackendScore:
    """One backend over the test set; counts are against the first backend asked for.

    seconds: total for `images` in batches of `batch`.
    """

    backend: str
    kind: str
    device: str
    accuracy: float
    seconds: float
    identical_predictions: int
    identical_scores: int


@dataclass(frozen=True)
class Evaluation(Event):
    """The answer to Evaluate, whole: every image was scored by every backend named."""

    key: str
    images: int
    batch: int
    rows: tuple[BackendScore, ...]
    confusion: NDArray[np.int64]
    weight_bytes: int
    float_bytes: int


@dataclass(frozen=True)
class BenchRow(Event):
    """One timed case.

    device: the GPU among whose rows it belongs, with operands in its memory; "" among the CPU's, with operands in the
    host's.
    kind: "oracle", "float" or "xnor", a backend's; or another library's "peer" (float32), "int8" or "bits"; or on a
    GPU's tensor cores "tensor" (TF32, float16).
    gmacs: 1e9 multiply-accumulates a second, of the median. intensity: multiply-accumulates a byte, operands and
    result moved once in the form in which this row has them.
    fraction_of_peak: gmacs over that of all threads' cores, each at the ceiling of its kind.
    times_torch, times_best_float: how many times as fast as torch's float32 and as the fastest float row of the device.
    exact: this very run's result equalled the oracle's (None: nothing to compare, see reason).
    reason, remedy: why there are no figures.
    """

    case: str
    backend: str
    kind: str
    threads: int
    median_ms: float | None = None
    low_ms: float | None = None
    high_ms: float | None = None
    gmacs: float | None = None
    fraction_of_peak: float | None = None
    times_torch: float | None = None
    times_best_float: float | None = None
    exact: bool | None = None
    intensity: float | None = None
    reason: str = ""
    remedy: str = ""
    device: str = ""


@dataclass(frozen=True)
class BenchPeak(Event):
    """What one core can do at most, measured in the same process: GMAC/s; and what machine it is.

    read_gbs: 1e9 bytes a second that a core reads from each level of its memory, nearest first: (name, rate).
    clock: what seconds are of a row's, "cpu" (of the one thread that works) or "wall".
    """

    popcount_gmacs: float | None
    fp32_gmacs: float | None
    machine: str
    read_gbs: tuple[tuple[str, float], ...] = ()
    clock: str = "wall"


@dataclass(frozen=True)
class LabResult(Event):
    """A result of a lab, whole in itself; each lab has subclasses of its own, of numbers, texts and numpy arrays."""


@dataclass(frozen=True)
class PeerTime(Event):
    """Seconds of one call, of one turn."""

    seconds: float
    method: str


@dataclass(frozen=True)
class DeviceOpened(Event):
    """The GPU is open. versions: of the driver, of NVRTC and of CuPy, for a report."""

    versions: dict[str, str]


@dataclass(frozen=True)
class KernelsChecked(Event):
    """What a module's kernels did wrong, or "" where every result was right to the bit."""

    module: str
    fault: str


@dataclass(frozen=True)
class KernelsTimed(Event):
    """Seconds of a workload with a module, by the device's clock."""

    module: str
    seconds: float
