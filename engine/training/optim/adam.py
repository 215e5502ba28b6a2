"""Adam: steps of about equal length for every parameter."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim.adam import adam

from engine.config import RunConfig
from engine.training.optim.memory import Memory, Named
from engine.training.steppers import Arrays

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Adam(Memory):
    """Kingma and Ba, "Adam", 2015 (arXiv 1412.6980)."""

    name = "adam"

    def __init__(self, parameters: Named, arrays: Arrays) -> None:
        super().__init__(parameters, arrays)
        self._counts = [torch.tensor(float(self.steps), device=p.device) for p in self.parameters]

    def step(self, gradients: Mapping[str, Tensor], rate: float, config: RunConfig) -> None:  # noqa: ARG002 - Optimizer
        self.steps += 1
        adam(
            self.parameters,
            [gradients[name].contiguous() for name in self.names],  # the fused kernel reads them as they lie in memory
            self.moments["m"],
            self.moments["v"],
            [],
            self._counts,
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=rate,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
        )
