"""Shift-based AdaMax: Adam's relative without multiplications, for every factor is a power of two."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.config import RunConfig
from engine.training.optim.memory import Memory
from engine.training.quantize import nearest_power, power_of_two

SHARES = (2.0**-3, 2.0**-10)
"""1 - beta1 and 1 - beta2: what a new gradient adds to the mean, and what the norm loses each step."""


class ShiftAdaMax(Memory):
    """Hubara et al. 2016 (arXiv 1602.02830), algorithm 4.

    m <- beta1 m + (1 - beta1) g;  v <- max(beta2 v, |g|);  w <- w - AP2(rate / (1 - beta1^t)) m / AP2(v), where AP2
    is the nearest power of two. What never had a gradient has v = 0 and stays.
    """

    name = "shift-adamax"

    def step(self, gradients: Mapping[str, Tensor], rate: float, config: RunConfig) -> None:  # noqa: ARG002 - Optimizer
        self.steps += 1
        length = nearest_power(rate / (1 - (1 - SHARES[0]) ** self.steps))
        memory = zip(self.names, self.parameters, self.moments["m"], self.moments["v"], strict=True)
        for name, parameter, mean, norm in memory:
            mean.mul_(1 - SHARES[0]).add_(gradients[name], alpha=SHARES[0])
            torch.maximum(norm.mul_(1 - SHARES[1]), gradients[name].abs(), out=norm)
            shift = power_of_two(norm)
            parameter.sub_(torch.where(shift > 0, mean * length / shift, 0))
