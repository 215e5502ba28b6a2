"""How one training step is made: the contract. Each module here offers one stepper as STEPPER."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words
from engine.config import RunConfig
from engine.errors import Unsupported
from engine.streams import stream

if TYPE_CHECKING:  # the window reads names of models, which come this way, without torch
    from engine.training.parallel import World

Arrays = dict[str, NDArray[Any]]
"""Canonical named arrays, the same whichever stepper made them (see `Stepper.state`)."""


@dataclass(frozen=True)
class Key:
    """Names one step's random draws: counter-based, so that a resumed run draws what an unbroken one would."""

    seed: int
    epoch: int
    step: int

    def stream(self, purpose: str, layer: int = 0) -> np.random.Generator:
        """An independent generator for one purpose ("shuffle", "weights", "activations", …) in one layer."""
        return stream(purpose, self.seed, self.epoch, self.step, layer)


@dataclass(frozen=True)
class StepResult:
    """One step's outcome: mean loss of the batch, how many were right, weight bits flipped in each layer."""

    loss: float
    correct: int
    flips: tuple[int, ...]


class Stepper(Protocol):
    """Makes training steps of one network.

    State holds, for each layer i counted from 0: `layer{i}.latent` float32 [outputs, inputs] (of a convolution the
    inputs are kernel * kernel * channels in the order row, column, channel); of its batch-norm `layer{i}.gamma`,
    `.beta` and `.mean`, and `.var`, or `.inverse_std` of the shift-based one, float32 [outputs]; `layer{i}.threshold`
    where it is learned. A last layer of the bias-only form has `layer{i}.bias` in place of its batch-norm. In a float
    twin "latent" is the weight itself, in a run of Bop its sign. Every parameter has the moments that its optimizer
    keeps, such as `layer{i}.latent.m` and `.v`, and Adam counts its steps in `adam.t`, int64 [1] (training.optim).
    """

    rank: ClassVar[int]

    def __init__(self, config: RunConfig, arrays: Arrays, world: World = ...) -> None:
        """Of a network of `config.kind`, continuing from `arrays`; `world`: the processes that make its steps."""

    @staticmethod
    def title() -> str:
        """What it is, for people, on this machine."""

    @staticmethod
    def supports(config: RunConfig, processes: int = 1) -> str | None:
        """None if it can make the steps of this run, by so many processes, else the reason why not, a sentence."""

    def load(self, arrays: Arrays) -> None:
        """Take over a state; later steps continue from it exactly."""

    def step(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], rate: float, config: RunConfig, key: Key
    ) -> StepResult:
        """One optimizer step on images u8 [B, H, W, C] and labels int64 [B] at learning rate `rate`.

        Of several processes each is given the whole batch and takes its share of it; all have the same result.
        """

    def workers(self, images: int) -> int:
        """How many threads a step on so many images keeps busy, at most."""

    def state(self) -> Arrays:
        """A copy of the state, canonical."""

    def signs(self, layer: int) -> Words:
        """Packed signs of a layer's latent weights, uint64 [outputs, words]; not to be written to."""

    def tile_flips(self, layer: int) -> NDArray[np.uint32]:
        """Flips per word since `reset_flips`, uint32 [outputs, words]; not to be written to."""

    def reset_flips(self) -> None:
        """Start counting `tile_flips` anew."""

    def shape(self, layer: int) -> tuple[int, int]:
        """Outputs and inputs of a layer's weights."""

    def latents(self, layer: int, rows: slice = ...) -> NDArray[np.float32]:
        """Latent weights float32 [chosen outputs, inputs] of a layer, a view where that is free; not to be written to.

        Of an optimizer without latent weights they are the signs themselves.
        """

    def inertia(self, layer: int, rows: slice = ...) -> NDArray[np.float32]:
        """What keeps each weight from flipping (optim.Optimizer), float32 [chosen outputs, inputs]; as `latents`."""

    def look(self, layer: int, row: int, column: int) -> tuple[bool, float]:
        """Of one weight: whether it is +1, and its inertia."""

    def places(self, layer: int) -> int:
        """Rows of `preactivations`: images of the last step, or places of their maps; 0 before the first."""

    def preactivations(self, layer: int, rows: slice = ...) -> NDArray[np.float32]:
        """What the sign of layer `layer` was taken of in the last step, float32 [chosen rows, outputs]."""


@dataclass(frozen=True)
class Choice:
    """Who makes the steps of a run; for people, what it is (`Stepper.title`) and why no native one can, sentences."""

    stepper: type[Stepper]
    title: str
    why: str


def chosen(config: RunConfig, processes: int = 1) -> Choice:
    """The stepper of highest rank that supports a run, or plain torch where that is asked for.

    Raises Unsupported with the reasons where none does.
    """
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    steppers: list[type[Stepper]] = [module.STEPPER for module in modules if hasattr(module, "STEPPER")]
    plain = config.steps == "plain"
    if plain:
        steppers = [stepper for stepper in steppers if not stepper.rank]
    reasons = ["Plain torch was asked for."] if plain else []
    for stepper in sorted(steppers, key=lambda stepper: -stepper.rank):
        reason = stepper.supports(config, processes)
        if reason is None:
            return Choice(stepper, stepper.title(), "" if stepper.rank else " ".join(reasons))
        reasons.append(reason)
    raise Unsupported("This run cannot be trained here.", " ".join(reasons))


def best(config: RunConfig, processes: int = 1) -> type[Stepper]:
    """The stepper of `chosen`."""
    return chosen(config, processes).stepper
