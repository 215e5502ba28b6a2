"""Stochastic gradient descent with momentum, for comparison."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from engine.config import RunConfig
from engine.training.optim.moments import Named, give, take
from engine.training.steppers import Arrays


class Momentum:
    """Polyak's heavy ball: m <- momentum m + g;  w <- w - rate m. See optim.Optimizer; keeps "m"."""

    def __init__(self, parameters: Named, arrays: Arrays) -> None:
        self._parameters = dict(parameters)
        self._velocity = take(parameters, arrays, "m")

    def step(self, gradients: Sequence[Tensor], rate: float, config: RunConfig) -> None:
        for parameter, velocity, gradient in zip(self._parameters.values(), self._velocity, gradients, strict=True):
            velocity.mul_(config.momentum).add_(gradient)
            parameter.sub_(velocity, alpha=rate)

    def state(self) -> Arrays:
        return give(self._parameters, self._velocity, "m")
