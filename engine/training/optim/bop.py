"""Bop: binary weights without latent ones, flipped where the gradient insists."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.config import RunConfig
from engine.training.optim import Optimizer
from engine.training.optim.memory import Memory
from engine.training.steppers import Arrays


class Bop(Memory):
    """Helwegen et al. 2019, "Latent Weights Do Not Exist" (arXiv 1906.02107), algorithm 1, on weights of +-1.

    m <- (1 - gamma) m + gamma g;  w flips where w m > tau. gamma is the run's adaptivity, which falls with the learning
    rate's schedule, and tau its flip_threshold.
    """

    name = "bop"

    def step(self, gradients: Mapping[str, Tensor], rate: float, config: RunConfig) -> None:
        part = share(config, rate)
        for name, weights, momentum in zip(self.names, self.parameters, self.moments["m"], strict=True):
            momentum.mul_(1 - part).add_(gradients[name], alpha=part)
            torch.where(weights * momentum > config.flip_threshold, -weights, weights, out=weights)

    def inertia(self, name: str, config: RunConfig) -> Tensor:
        """-m / tau: a weight of +1 flips where it falls below -1, one of -1 where it rises above 1."""
        return self.moments["m"][self.names.index(name)] / -config.flip_threshold


def share(config: RunConfig, rate: float) -> float:
    """Bop's gamma at a learning rate: a new gradient's share of the running mean."""
    return min(1.0, config.adaptivity * rate / config.learning_rate)


class Split:
    """Bop for the binary weights, another optimizer for all else. See Optimizer."""

    def __init__(self, bop: Bop, others: Optimizer) -> None:
        self._bop = bop
        self._parts: tuple[Optimizer, ...] = (bop, others)

    def step(self, gradients: Mapping[str, Tensor], rate: float, config: RunConfig) -> None:
        for part in self._parts:
            part.step(gradients, rate, config)

    def state(self) -> Arrays:
        return {name: array for part in self._parts for name, array in part.state().items()}

    def inertia(self, name: str, config: RunConfig) -> Tensor:
        return self._bop.inertia(name, config)
