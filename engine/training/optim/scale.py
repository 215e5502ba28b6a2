"""The paper's learning rate of each binary layer, and the bound on its latent weights."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from engine.config import RunConfig
from engine.training.optim import Optimizer
from engine.training.quantize import nearest_power
from engine.training.steppers import Arrays


class Scaled:
    """Makes the finished steps of binary weights longer, where the run says so.

    gamma = 1 / sqrt(1.5 / (fan-in + fan-out)), after the first weights of Glorot and Bengio 2010. As in the code that
    Hubara et al. 2016 released: W <- W + gamma (Adam(W) - W), and with shift-based AdaMax the nearest power of two.

    Args:
        weights: binary weights by name, each with its (fan-in, fan-out).
    """

    def __init__(self, inner: Optimizer, weights: Mapping[str, tuple[Tensor, tuple[int, int]]]) -> None:
        self._inner = inner
        self._weights = [(tensor, glorot(*fan)) for tensor, fan in weights.values()]

    def step(self, gradients: Mapping[str, Tensor], rate: float, config: RunConfig) -> None:
        if config.rate_scale == "none":
            self._inner.step(gradients, rate, config)
            return
        before = [weight.clone() for weight, _ in self._weights]
        self._inner.step(gradients, rate, config)
        for (weight, gamma), start in zip(self._weights, before, strict=True):
            by = nearest_power(gamma) if config.optimizer == "shift-adamax" else gamma
            weight.sub_(start).mul_(by).add_(start)

    def state(self) -> Arrays:
        return self._inner.state()

    def inertia(self, name: str, config: RunConfig) -> Tensor:
        return self._inner.inertia(name, config)


def glorot(fan_in: int, fan_out: int) -> float:
    """What a layer's steps are multiplied by."""
    return 1 / math.sqrt(1.5 / (fan_in + fan_out))


def clip(latents: Tensor) -> None:
    """Keep latent weights within +-1, in place: beyond that the sign would no longer answer to the gradient."""
    latents.clamp_(-1, 1)
