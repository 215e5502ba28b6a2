"""Quantizers, each beside its pseudo-gradient: signs, powers of two, the scale of an output's weights.

Courbariaux, Hubara, Soudry, El-Yaniv and Bengio, "Binarized Neural Networks", 2016 (arXiv 1602.02830), sections 1.1
and 1.3, where no other source is named. The sign of 0 is +1 everywhere in Flipscope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def sign(x: Tensor) -> Tensor:
    """Deterministic sign: +1 where x >= 0, else -1, in the dtype of x."""
    return x.ge(0).to(x.dtype).mul_(2).sub_(1)


def stochastic_sign(x: Tensor, noise: Tensor) -> Tensor:
    """+1 with probability clip((x + 1) / 2, 0, 1), else -1.

    Args:
        noise: uniform on [0, 1), of the shape of x, drawn by the caller (passes.TrainingPass).
    """
    return (noise < (x + 1) / 2).to(x.dtype).mul_(2).sub_(1)


def power_of_two(x: Tensor) -> Tensor:
    """AP2(x) = sign(x) 2^round(log2 |x|), the nearest power of two on a log scale, by a shift in place of a product.

    AP2(0) = 0, with the sign of that 0. x: float32 or float64; exact for every normal number, and anything below these
    gives 0 or the smallest of them. (Hubara et al. 2016, section 1.4.)
    """
    bits, rounding, power = _FLOAT_BITS[x.dtype]
    return x.view(bits).add(rounding).bitwise_and_(power).view(x.dtype)


def nearest_power(x: float) -> float:
    """AP2 of one number."""
    return float(power_of_two(torch.tensor(x, dtype=torch.float64)))


_FLOAT_BITS = {
    torch.float32: (torch.int32, (1 << 23) - 0x3504F4, -1 << 23),
    torch.float64: (torch.int64, (1 << 52) - 0x6A09E667F3BCD, -1 << 52),
}
"""For a dtype: its bits as integers; what carries sqrt(2) and above into the exponent; all bits but the fraction's."""


Estimator = Callable[[Tensor], Tensor]
"""A pseudo-gradient: the slope that stands for the sign's, given what the sign was taken of."""


def clipped(x: Tensor) -> Tensor:
    """The straight-through estimator: the slope of the hard tanh, 1 where |x| <= 1, else 0 (Hubara et al. 2016)."""
    return x.abs().le(1)


def triangle(x: Tensor) -> Tensor:
    """ApproxSign: 2 - 2|x| where |x| <= 1, else 0, the slope of a curve of two parabolas nearer to the sign.

    Liu et al. 2018, "Bi-Real Net" (arXiv 1808.00278), equation 6.
    """
    return (1 - x.abs()).clamp_(min=0).mul_(2)


ESTIMATORS: dict[str, Estimator] = {"straight-through": clipped, "approx-sign": triangle}


class _Binarize(torch.autograd.Function):
    """Forward a sign; backward what a pseudo-gradient lets through."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, noise: Tensor | None, estimator: Estimator) -> Tensor:
        ctx.save_for_backward(x)
        ctx.estimator = estimator
        return sign(x) if noise is None else stochastic_sign(x, noise)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        return gradients[0] * ctx.estimator(x), None, None


def binarize(x: Tensor, noise: Tensor | None = None, estimator: Estimator = clipped) -> Tensor:
    """Sign of x, deterministic or (with noise) stochastic, that lets the gradient through as the estimator says."""
    signs: Tensor = _Binarize.apply(x, noise, estimator)
    return signs


class _MeanMagnitude(torch.autograd.Function):
    """Forward alpha; backward sign(w) g / n."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor) -> Tensor:
        ctx.save_for_backward(weights)
        return weights.abs().mean(1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (weights,) = ctx.saved_tensors
        return sign(weights).mul_(gradients[0].div(weights.shape[1]).unsqueeze(1))


def mean_magnitude(weights: Tensor) -> Tensor:
    """alpha = mean |w| of each output, [outputs], of latent weights [outputs, inputs].

    W ~ alpha sign(W) is the nearest such product (Rastegari et al. 2016, "XNOR-Net", arXiv 1603.05279, section 3.1).
    The gradient of W is then alpha 1[|w| <= 1] g + sign(w) mean(sign(w) g) with respect to that product: its first
    part comes by way of the signs, its second by way of alpha. Where batch-norm follows, alpha changes nothing of what
    the network can be: BN(alpha s) = BN(s) but for epsilon, so that folding absorbs it; it changes the gradients.
    """
    alpha: Tensor = _MeanMagnitude.apply(weights)
    return alpha
