"""Adam: steps of about equal length for every parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.optim.adam import adam

from engine.config import RunConfig
from engine.training.optim.moments import Named, give, take
from engine.training.steppers import Arrays

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Adam:
    """Kingma and Ba, "Adam", 2015 (arXiv 1412.6980). See optim.Optimizer; keeps "m", "v" and "adam.t"."""

    def __init__(self, parameters: Named, arrays: Arrays) -> None:
        self._parameters = dict(parameters)
        self._first = take(parameters, arrays, "m")
        self._second = take(parameters, arrays, "v")
        self._steps = int(arrays["adam.t"][0])

    def step(self, gradients: Sequence[Tensor], rate: float, config: RunConfig) -> None:  # noqa: ARG002 - the protocol
        counts = [torch.tensor(float(self._steps), device=p.device) for p in self._parameters.values()]
        self._steps += 1
        adam(
            list(self._parameters.values()),
            list(gradients),
            self._first,
            self._second,
            [],
            counts,
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=rate,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
        )

    def state(self) -> Arrays:
        arrays: Arrays = {"adam.t": np.array([self._steps], np.int64)}
        return arrays | give(self._parameters, self._first, "m") | give(self._parameters, self._second, "v")
