"""What optimizers remember, between canonical arrays and tensors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.training.steppers import Arrays

Named = Mapping[str, Tensor]
"""Parameters by canonical name, e.g. "layer0.latent"."""


def take(parameters: Named, arrays: Arrays, moment: str) -> list[Tensor]:
    """That moment of every parameter, in the parameter's dtype and on its device."""
    return [torch.tensor(arrays[f"{name}.{moment}"], dtype=p.dtype, device=p.device) for name, p in parameters.items()]


def give(parameters: Named, tensors: list[Tensor], moment: str) -> Arrays:
    """Copies, by canonical name."""
    return {f"{name}.{moment}": t.numpy(force=True).copy() for name, t in zip(parameters, tensors, strict=True)}
