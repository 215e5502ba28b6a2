"""The protocol of benchmarks, and of the processes in which other libraries take their turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.messages.base import Command, Event, Job


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

    device: or a GPU, all of it, which is computed from its own data and not measured; "" for the CPU.
    read_gbs: 1e9 bytes a second that a core reads from each level of its memory, nearest first: (name, rate).
    clock: what seconds are of a row's, "cpu" (of the one thread that works) or "wall"; of a GPU's, "events".
    """

    popcount_gmacs: float | None
    fp32_gmacs: float | None
    machine: str
    read_gbs: tuple[tuple[str, float], ...] = ()
    clock: str = "wall"
    device: str = ""


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


@dataclass(frozen=True)
class PeerTraining(Peer):
    """A training step of a binary network on a batch of images [H, W, C]: by plain torch ("plain"), or as a run's."""

    model: str
    image: tuple[int, int, int]
    classes: int
    batch: int


@dataclass(frozen=True)
class PeerParts(Command):
    """Time each kernel of such a step, of one thread; answered by StepParts or Failed."""

    model: str
    image: tuple[int, int, int]
    classes: int
    batch: int


@dataclass(frozen=True)
class StepPart:
    """One kernel of a training step: its layer, its seconds, and how many its work takes at least, where that is known.

    The least is by products at the rate, or bytes at the bandwidth, of register-only and memory loops of this process.
    """

    kernel: str
    layer: int
    seconds: float
    floor: float | None


@dataclass(frozen=True)
class StepParts(Event):
    """What a step is made of, in order; nothing where it is not made by native kernels."""

    parts: tuple[StepPart, ...]


@dataclass(frozen=True)
class PeerTime(Event):
    """Seconds of one call, of one turn."""

    seconds: float
    method: str
