"""Shift-based AdaMax: Adam's relative without multiplications, for every factor is a power of two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.config import RunConfig
from engine.training.optim.moments import Named, give, take
from engine.training.quantize import power_of_two
from engine.training.steppers import Arrays

SHARES = (2.0**-3, 2.0**-10)
"""1 - beta1 and 1 - beta2: what a new gradient adds to the mean, and what the norm loses each step."""


class ShiftAdaMax:
    """Hubara et al. 2016 (arXiv 1602.02830), algorithm 4. See optim.Optimizer; keeps "m", "v" and "shift-adamax.t".

    m <- beta1 m + (1 - beta1) g;  v <- max(beta2 v, |g|);  w <- w - AP2(rate / (1 - beta1^t)) m / AP2(v), where AP2
    is the nearest power of two. What never had a gradient has v = 0 and stays.
    """

    def __init__(self, parameters: Named, arrays: Arrays) -> None:
        self._parameters = dict(parameters)
        self._mean = take(parameters, arrays, "m")
        self._norm = take(parameters, arrays, "v")
        self._steps = int(arrays["shift-adamax.t"][0])

    def step(self, gradients: Sequence[Tensor], rate: float, config: RunConfig) -> None:  # noqa: ARG002 - the protocol
        self._steps += 1
        length = float(power_of_two(torch.tensor(rate / (1 - (1 - SHARES[0]) ** self._steps), dtype=torch.float64)))
        state = zip(self._parameters.values(), self._mean, self._norm, gradients, strict=True)
        for parameter, mean, norm, gradient in state:
            mean.mul_(1 - SHARES[0]).add_(gradient, alpha=SHARES[0])
            torch.maximum(norm.mul_(1 - SHARES[1]), gradient.abs(), out=norm)
            shift = power_of_two(norm)
            parameter.sub_(torch.where(shift > 0, mean * length / shift, 0))

    def state(self) -> Arrays:
        arrays: Arrays = {"shift-adamax.t": np.array([self._steps], np.int64)}
        return arrays | give(self._parameters, self._mean, "m") | give(self._parameters, self._norm, "v")
