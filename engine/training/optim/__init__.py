"""How gradients move the parameters: one optimizer a file. Without torch until one is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.config import RunConfig
from engine.training.steppers import Arrays

if TYPE_CHECKING:
    from torch import Tensor

MOMENTS: dict[str, tuple[str, ...]] = {"adam": ("m", "v"), "shift-adamax": ("m", "v"), "sgd": ("m",)}
"""What an optimizer remembers of each parameter, in "<parameter>.<moment>"; zero at the start."""

COUNTED = ("adam", "shift-adamax")
"""Optimizers that count their steps, in "<optimizer>.t"."""


class Optimizer(Protocol):
    """Moves named tensors in place. Its state is canonical named arrays, from which it goes on exactly."""

    def step(self, gradients: Sequence[Tensor], rate: float, config: RunConfig) -> None:
        """One update at this learning rate; gradients in the order of the parameters."""

    def state(self) -> Arrays:
        """Moments and step count, copied, by their canonical names."""


def initial(config: RunConfig, parameters: Arrays) -> Arrays:
    """The state of an optimizer that has made no step yet, for these parameters."""
    arrays: Arrays = {
        f"{name}.{moment}": np.zeros_like(values)
        for name, values in parameters.items()
        for moment in MOMENTS[config.optimizer]
    }
    return arrays | {f"{name}.t": np.zeros(1, np.int64) for name in COUNTED if name == config.optimizer}


def optimizer(
    config: RunConfig, parameters: Mapping[str, Tensor], arrays: Arrays, fans: Mapping[str, tuple[int, int]]
) -> Optimizer:
    """The optimizer of a run, going on from `arrays`.

    parameters: by canonical name, e.g. "layer0.latent". fans: (fan-in, fan-out) of those that are binary weights.
    """
    from engine.training.optim.adam import Adam
    from engine.training.optim.scale import Scaled
    from engine.training.optim.sgd import Momentum
    from engine.training.optim.shift_adamax import ShiftAdaMax

    if config.optimizer == "sgd":
        return Momentum(parameters, arrays)
    made = Adam(parameters, arrays) if config.optimizer == "adam" else ShiftAdaMax(parameters, arrays)
    return Scaled(made, {name: (parameters[name], fan) for name, fan in fans.items()})
