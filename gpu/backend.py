"""XNOR on an NVIDIA GPU through CuPy: whether there is one, found out at next to no cost where there is none."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words
from engine.errors import BackendLost, FlipscopeError, Unsupported
from engine.inference.backend import (
    Backend,
    Convolver,
    Kind,
    Limits,
    Multiplier,
    Program,
    Ready,
    Resident,
    Unavailable,
)
from engine.inference.network import Conv, Network, Shape, Threshold
from engine.inference.rules import packed_only
from engine.watchdog import WATCHDOG
from gpu import driver, nvrtc
from gpu.driver import Gpu
from gpu.limits import limits
from gpu.nvrtc import Nvrtc

if TYPE_CHECKING:
    from gpu.card import Card

NAME = "cupy-xnor"
DRIVER_SECONDS = 20.0
"""Within which the driver must have told what there is."""


class CupyXnor(Backend):
    """Packed signs in CUDA kernels that passed the self-test on this very card."""

    name: ClassVar[str] = NAME
    kind: ClassVar[Kind] = "xnor"
    rank: ClassVar[int] = 100
    offloads: ClassVar[bool] = True

    def __init__(self) -> None:
        self._card: Card | None = None

    def probe(self) -> Ready | Unavailable:
        """Ready with a card, its driver, CuPy, and a self-test that leaves nothing undone."""
        try:
            return self.card().state()
        except FlipscopeError as error:
            return Unavailable(error.what, error.remedy)

    def unsettled(self) -> Callable[[], None] | None:
        """The self-test of a card that has no verdict yet, and opening the card: where there is one."""
        try:
            return self.card().unsettled()
        except FlipscopeError:
            return None

    def load(self, network: Network) -> Program:
        """Upload a packed network. Raises Unsupported, BackendLost."""
        return self.card().program(packed_only(network, self.name))

    def multiplier(self, w: Words, k: int) -> Multiplier:
        """Upload the weights w [N, W] of k bits. Raises BadInput, Unsupported, BackendLost."""
        return self.card().multiplier(w, k)

    def convolver(self, conv: Conv, after: Threshold, shape: Shape) -> Convolver:
        """Upload a convolution's weights. Raises BadInput, Unsupported, BackendLost."""
        return self.card().convolver(conv, after, shape)

    def residents(self, made: Program | Multiplier | Convolver, operands: NDArray[np.generic]) -> Sequence[Resident]:
        """What is timed on the card itself. Raises BackendLost."""
        return self.card().residents(made, operands)

    def limits(self) -> Limits | None:
        """What the card can do at most, by its own data. Raises NoGpu, Unsupported."""
        return limits(self.card().gpu)

    def card(self) -> Card:
        """The card to use. Raises NoGpu, Unsupported with what is missing."""
        if "torch" in sys.modules:
            raise Unsupported(
                "This process has torch in it, which brings a CUDA of its own.", "The inference worker uses the GPU."
            )
        found = _found()
        if isinstance(found, FlipscopeError):
            raise found
        if self._card is None:
            self._card = importlib.import_module("gpu.card").Card(*found)
        return self._card


@cache
def _found() -> tuple[Gpu, Nvrtc | None] | FlipscopeError:
    """The GPU and what compiles for it, or what is missing; looked for once a process."""
    try:
        gpu = driver.find(WATCHDOG.limit(DRIVER_SECONDS, _silent_driver))
        if importlib.util.find_spec("cupy") is None:
            raise Unsupported("CuPy is not installed.", "Install it with: pip install cupy-cuda12x.")
        return gpu, nvrtc.choose(gpu.cuda)
    except FlipscopeError as error:
        return error


def _silent_driver() -> BackendLost:
    what = f"The NVIDIA driver did not answer for {DRIVER_SECONDS:.0f} s."
    return BackendLost(NAME, what, "Restart the machine, or use the CPU.")


BACKEND = CupyXnor()
