"""Stochastic gradient descent with momentum, for comparison."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from engine.config import RunConfig
from engine.training.optim.memory import Memory


class Momentum(Memory):
    """Polyak's heavy ball: m <- momentum m + g;  w <- w - rate m."""

    name = "sgd"

    def step(self, gradients: Mapping[str, Tensor], rate: float, config: RunConfig) -> None:
        for name, parameter, velocity in zip(self.names, self.parameters, self.moments["m"], strict=True):
            velocity.mul_(config.momentum).add_(gradients[name])
            parameter.sub_(velocity, alpha=rate)
