"""How gradients move the parameters: one optimizer a file. Without torch until one is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.config import RunConfig
from engine.training.steppers import Arrays

if TYPE_CHECKING:
    from torch import Tensor

_MOMENTS: dict[str, tuple[str, ...]] = {"adam": ("m", "v"), "shift-adamax": ("m", "v"), "sgd": ("m",), "bop": ("m",)}

COUNTERS = {"adam": "adam.t", "shift-adamax": "shift-adamax.t"}
"""Where optimizers that count their steps keep that."""


class Optimizer(Protocol):
    """Moves named tensors in place. Its state is canonical named arrays, from which it goes on exactly."""

    def step(self, gradients: Mapping[str, Tensor], rate: float, config: RunConfig) -> None:
        """One update at this learning rate; gradients by the names of the parameters."""

    def state(self) -> Arrays:
        """Moments and step count, copied, by their canonical names."""

    def inertia(self, name: str, config: RunConfig) -> Tensor:
        """What keeps the weights of that name from flipping, on a scale of +-1; not to be written to.

        The latent weights themselves, which flip where they cross 0; of Bop, which has none, see there.
        """


def moments(optimizer: str) -> tuple[str, ...]:
    """What an optimizer remembers of each of its parameters, in "<parameter>.<moment>"; zero at the start."""
    return _MOMENTS[optimizer]


def moves(config: RunConfig, name: str) -> str:
    """The optimizer that moves a parameter: in a run of Bop, which knows binary weights only, Adam moves the others."""
    return "adam" if config.optimizer == "bop" and not name.endswith(".latent") else config.optimizer


def initial(config: RunConfig, parameters: Arrays) -> Arrays:
    """The state of an optimizer that has made no step yet, for these parameters."""
    arrays: Arrays = {
        f"{name}.{moment}": np.zeros_like(values)
        for name, values in parameters.items()
        for moment in moments(moves(config, name))
    }
    counting = {moves(config, name) for name in parameters} & COUNTERS.keys()
    return arrays | {COUNTERS[name]: np.zeros(1, np.int64) for name in counting}


def optimizer(
    config: RunConfig, parameters: Mapping[str, Tensor], arrays: Arrays, fans: Mapping[str, tuple[int, int]]
) -> Optimizer:
    """The optimizer of a run, going on from `arrays`.

    parameters: by canonical name, e.g. "layer0.latent". fans: (fan-in, fan-out) of those that are binary weights.
    """
    from engine.training.optim.adam import Adam
    from engine.training.optim.bop import Bop, Split
    from engine.training.optim.scale import Scaled
    from engine.training.optim.sgd import Momentum
    from engine.training.optim.shift_adamax import ShiftAdaMax

    match config.optimizer:
        case "sgd":
            return Momentum(parameters, arrays)
        case "bop":
            weights = {name: p for name, p in parameters.items() if moves(config, name) == "bop"}
            others = {name: p for name, p in parameters.items() if name not in weights}
            return Split(Bop(weights, arrays), Adam(others, arrays))
        case "adam":
            made: Optimizer = Adam(parameters, arrays)
        case "shift-adamax":
            made = ShiftAdaMax(parameters, arrays)
    return Scaled(made, {name: (parameters[name], fan) for name, fan in fans.items()})
