"""The contract of a backend, and how backends are found: one file each, no central list."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words
from engine.errors import FlipscopeError, UnknownName, Unsupported
from engine.inference.network import Conv, Network, Shape, Threshold

Kind = Literal["oracle", "float", "xnor"]


@dataclass(frozen=True)
class Ready:
    """The backend can run here; `device` names what it runs on, `note` what to know of it, for people."""

    device: str
    note: str = ""


@dataclass(frozen=True)
class Unavailable:
    """The backend cannot run here: why, and what would change that."""

    reason: str
    remedy: str


@dataclass(frozen=True)
class UnderWay(Unavailable):
    """The backend cannot run here yet: it is being made ready (see settling)."""


@dataclass(frozen=True)
class Activation:
    """What one hidden layer did to a batch: its integer sums, pooled where they are, and the signs after them.

    sums: int32 [B, outputs], or of a map [B, H, W, outputs]; bits: uint64 [B, …, ceil(outputs/64)]. value: float32
    like the sums, what the signs were taken of where that is the network's value, with its shortcuts; else None.
    """

    sums: NDArray[np.int32]
    bits: Words
    value: NDArray[np.float32] | None = None


class Program(Protocol):
    """A network made ready by one backend. Images are u8 [B, H, W, C], or words as PackedNetwork says."""

    def warm(self) -> None:
        """Return once it is as fast as it gets: compiled, uploaded, tuned. Before that it may be slower, not wrong."""
        return

    def scores(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scores float32 [B, classes]; B may be 0."""

    def activations(self, images: NDArray[np.generic]) -> list[Activation]:
        """One Activation for each hidden layer of a packed network, in order; [] for a float network."""


class Multiplier(Protocol):
    """Multiplies by weights that were laid out: a [M, W] of k bits -> int32 [M, N], into `out` where it is given."""

    def __call__(self, a: Words, out: NDArray[np.int32] | None = None) -> NDArray[np.int32]: ...


class Convolver(Protocol):
    """A convolution whose weights were laid out, with its threshold: signs of maps to signs of maps.

    maps [B, H, W, ceil(C/64)] -> uint64 [B, H', W', ceil(outputs/64)], padding 0, into `out` where it is given.
    """

    def __call__(self, maps: Words, out: Words | None = None) -> Words: ...


@dataclass(frozen=True)
class Resident:
    """Work on operands that lie on a backend's device already, timed by the device's own clock.

    name, kind: of its row (see messages.BenchRow). turn: takes a turn and gives the seconds of it once.
    result: what it computes, for comparison, if that is to be compared.
    """

    name: str
    kind: str
    turn: Callable[[], float]
    result: Callable[[], NDArray[np.generic]] | None = None


@dataclass(frozen=True)
class Limits:
    """What a device can do at most in a second by its own data, computed and not measured; None where not known.

    xnor, float32: multiply-accumulates, of signs by counting bits and of float32. memory: bytes that it reads.
    """

    xnor: float | None
    float32: float | None
    memory: float | None


class Backend(Protocol):
    """One way to run networks.

    name: unique, as typed on the command line. kind: "oracle", "float" (same network in float32) or "xnor".
    rank: among the ready backends of one kind the highest is preferred (a GPU before the CPU, native before numpy).
    offloads: it works on a device beside the CPU. Its time is the time that passes, and the device can fail in the
    middle: then it raises BackendLost, or takes the process along.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind]
    rank: ClassVar[int]
    offloads: ClassVar[bool] = False

    def probe(self) -> Ready | Unavailable:
        """Whether it can run here. Quick, silent, never raises."""

    def unsettled(self) -> Callable[[], None] | None:
        """What is still to be done in this process before `probe` is final, where that takes long (see settling)."""
        return None

    def load(self, network: Network) -> Program:
        """Make a network ready. Raises Unsupported where this backend cannot run it."""

    def multiplier(self, w: Words, k: int) -> Multiplier:
        """Lay out the weights w [N, W] of k bits, padding 0, for many products with them. Raises BadInput."""

    def convolver(self, conv: Conv, after: Threshold, shape: Shape) -> Convolver:  # noqa: ARG002 - the contract
        """Lay out a convolution's weights for many maps of this shape [H, W, C]. Raises BadInput, Unsupported."""
        raise Unsupported(f"'{self.name}' has no convolution by itself.", "Time a whole network instead.")

    def residents(
        self,
        made: Program | Multiplier | Convolver,  # noqa: ARG002 - the contract
        operands: NDArray[np.generic],  # noqa: ARG002 - the contract
    ) -> Sequence[Resident]:
        """What else is to be timed of something that this backend has made, on images, operands or maps."""
        return ()

    def limits(self) -> Limits | None:
        """What the device beside the CPU can do at most, of one that is ready on such."""
        return None

    def matmul(self, a: Words, w: Words, k: int) -> NDArray[np.int32]:
        """Product of +-1 matrices: a [M, W], w [N, W] -> int32 [M, N], each k - 2 * popcount(xor). Raises BadInput."""
        return self.multiplier(w, k)(a)


@cache
def backends() -> dict[str, Backend]:
    """Every backend by name: each module of engine.inference.backends, and gpu.backend, offers one as BACKEND."""
    found: list[Backend] = [module.BACKEND for module in _modules()]
    return {backend.name: backend for backend in sorted(found, key=lambda b: (b.kind, b.rank, b.name))}


def _modules() -> Iterator[ModuleType]:
    package = importlib.import_module("engine.inference.backends")
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        yield importlib.import_module(info.name)
    yield importlib.import_module("gpu.backend")


def backend(name: str) -> Backend:
    """The backend of that name, ready or not. Raises UnknownName."""
    try:
        return backends()[name]
    except KeyError:
        raise UnknownName("backend", name, backends()) from None


_left_out: dict[str, Unavailable] = {}


def leave_out(name: str, why: Unavailable) -> None:
    """Use a backend no more in this process, whatever it says of itself; and what is told of it instead."""
    _left_out[name] = why


def readmit(name: str) -> None:
    """Ask a backend itself again."""
    _left_out.pop(name, None)


def left_out() -> dict[str, Unavailable]:
    """The backends that are not used in this process, and why."""
    return dict(_left_out)


def state_of(one: Backend) -> Ready | Unavailable:
    """Whether a backend can be used in this process."""
    return _left_out.get(one.name) or one.probe()


def ready(kind: Kind | None = None) -> list[Backend]:
    """The backends that can be used here, of one kind or of all, best first."""
    able = [b for b in backends().values() if isinstance(state_of(b), Ready) and kind in (None, b.kind)]
    return sorted(able, key=lambda b: -b.rank)


def best(kind: Kind) -> Backend:
    """The preferred ready backend of a kind. Raises FlipscopeError where there is none."""
    able = ready(kind)
    if not able:
        raise FlipscopeError(f"No {kind} backend can run here.", "Run 'flipscope doctor' to see why.")
    return able[0]
