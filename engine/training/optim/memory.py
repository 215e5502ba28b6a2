"""What optimizers have in common: named tensors, and what is remembered of each in canonical arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from engine.config import RunConfig
from engine.training.optim import COUNTERS, moments
from engine.training.steppers import Arrays

Named = Mapping[str, Tensor]
"""Parameters by canonical name, e.g. "layer0.latent"."""


class Memory:
    """The parameters of one optimizer, their moments, and how many steps it has made. See optim.Optimizer.

    Args:
        parameters: changed in place by the optimizer.
        arrays: where "<parameter>.<moment>" and the step count are taken from.

    Attributes:
        name: of the optimizer, as in its canonical arrays.
        names, parameters: in the same order. moments: by their names, a tensor for each parameter in that order.
    """

    name: ClassVar[str]

    def __init__(self, parameters: Named, arrays: Arrays) -> None:
        self.names = tuple(parameters)
        self.parameters = list(parameters.values())
        self.moments = {
            moment: [
                torch.tensor(arrays[f"{name}.{moment}"], dtype=p.dtype, device=p.device)
                for name, p in parameters.items()
            ]
            for moment in moments(self.name)
        }
        counter = COUNTERS.get(self.name)
        self.steps = int(arrays[counter][0]) if counter else 0

    def state(self) -> Arrays:
        arrays: Arrays = {
            f"{name}.{moment}": tensor.numpy(force=True).copy()
            for moment, tensors in self.moments.items()
            for name, tensor in zip(self.names, tensors, strict=True)
        }
        counter = COUNTERS.get(self.name)
        return arrays | {counter: np.array([self.steps], np.int64)} if counter else arrays

    def inertia(self, name: str, config: RunConfig) -> Tensor:  # noqa: ARG002 - Bop's depends on it
        return self.parameters[self.names.index(name)]
