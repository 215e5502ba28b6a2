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


def power_of_two(x: Tensor) -> Tensor:
    """AP2(x) = sign(x) 2^round(log2 |x|), the nearest power of two on a log scale, by a shift in place of a product.

    AP2(0) = 0, with the sign of that 0. x: float32 or float64; exact for every normal number, and anything below these
    gives 0 or the smallest of them. (Hubara et al. 2016, section 1.4.)
    """
    bits, rounding, power = _FLOAT_BITS[x.dtype]
    return x.view(bits).add(rounding).bitwise_and_(power).view(x.dtype)


_FLOAT_BITS = {
    torch.float32: (torch.int32, (1 << 23) - 0x3504F4, -1 << 23),
    torch.float64: (torch.int64, (1 << 52) - 0x6A09E667F3BCD, -1 << 52),
}
"""For a dtype: its bits as integers; what carries sqrt(2) and above into the exponent; all bits but the fraction's."""


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
