"""Adam on canonical arrays, with the latent weights clipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.optim.adam import adam

from engine.training.steppers import Arrays

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Adam:
    """Kingma and Ba, "Adam", 2015 (arXiv 1412.6980), over named tensors, with moments kept as named arrays.

    Args:
        parameters: by canonical name, e.g. "layer0.latent"; changed in place.
        arrays: where "<name>.m", "<name>.v" and "adam.t" are taken from.
    """

    def __init__(self, parameters: Mapping[str, Tensor], arrays: Arrays) -> None:
        self._parameters = dict(parameters)
        self._first = [torch.tensor(arrays[f"{name}.m"], dtype=p.dtype) for name, p in parameters.items()]
        self._second = [torch.tensor(arrays[f"{name}.v"], dtype=p.dtype) for name, p in parameters.items()]
        self.steps = int(arrays["adam.t"][0])

    def step(self, gradients: Sequence[Tensor], rate: float) -> None:
        """One update; gradients in the order of the parameters."""
        counts = [torch.tensor(float(self.steps)) for _ in self._parameters]
        self.steps += 1
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
        """Moments and step count, copied, by their canonical names."""
        arrays: Arrays = {"adam.t": np.array([self.steps], np.int64)}
        for name, first, second in zip(self._parameters, self._first, self._second, strict=True):
            arrays |= {f"{name}.m": first.numpy().copy(), f"{name}.v": second.numpy().copy()}
        return arrays


def clip(latents: Tensor) -> None:
    """Keep latent weights within +-1, in place: beyond that the sign would no longer answer to the gradient."""
    latents.clamp_(-1, 1)
