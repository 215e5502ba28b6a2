"""The sign quantizer and its straight-through estimator.

Courbariaux, Hubara, Soudry, El-Yaniv and Bengio, "Binarized Neural Networks", 2016 (arXiv 1602.02830), sections 1.1
and 1.3. The sign of 0 is +1 everywhere in Flipscope.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def sign(x: Tensor) -> Tensor:
    """Deterministic sign: +1 where x >= 0, else -1, in the dtype of x."""
    return x.ge(0).to(x.dtype).mul_(2).sub_(1)


def stochastic_sign(x: Tensor, noise: Tensor) -> Tensor:
    """+1 with probability clip((x + 1) / 2, 0, 1), else -1.

    Args:
        noise: uniform on [0, 1), of the shape of x, drawn by the caller (steppers.Key.stream).
    """
    return (noise < (x + 1) / 2).to(x.dtype).mul_(2).sub_(1)


class _StraightThrough(torch.autograd.Function):
    """Forward a sign; backward the gradient of the hard tanh, g * 1[|x| <= 1]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, noise: Tensor | None) -> Tensor:
        ctx.save_for_backward(x)
        return sign(x) if noise is None else stochastic_sign(x, noise)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return gradients[0] * x.abs().le(1), None


def straight_through(x: Tensor, noise: Tensor | None = None) -> Tensor:
    """Sign of x, deterministic or (with noise) stochastic, that lets the gradient through where |x| <= 1."""
    signs: Tensor = _StraightThrough.apply(x, noise)
    return signs
