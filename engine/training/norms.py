"""Batch-norm, plain and shift-based: in training, and as it is deployed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor

from engine.config import RunConfig
from engine.training.parallel import World
from engine.training.quantize import power_of_two

EPSILON = 1e-5
"""Added to the variance in batch-norm."""

MOMENTUM = 0.1
"""Share of a batch's statistics in the running ones, torch's convention (the running variance is the unbiased one)."""

SHIFT_MOMENTUM = 0.125
"""The same of the shift-based one, a power of two (Hubara et al.'s released code)."""

Running = tuple[Tensor, Tensor]
"""Running mean, and what is kept of the spread."""


@dataclass(frozen=True)
class Crowd:
    """All rows that a batch's statistics are taken of: `count` of them, of which each process has some."""

    world: World
    count: int

    def mean(self, rows: Tensor) -> Tensor:
        """Of every column over all rows, of which these are this process's."""
        return self.world.sum(rows.sum(0)).div_(self.count)


class Norm(Protocol):
    """One kind of batch-norm. Rows are [N, outputs], everything else [outputs].

    Attributes:
        statistic: canonical name of what is kept of the spread of the sums, beside "mean".
    """

    statistic: str

    def training(self, rows: Tensor, running: Running, gamma: Tensor, beta: Tensor, crowd: Crowd) -> Tensor:
        """Normalised by the statistics of the whole crowd, which are added to the running ones."""

    def square(self, centred: Tensor) -> Tensor:
        """What the mean of is the variance, of rows whose mean is 0."""

    def kept(self, variance: Tensor) -> Tensor:
        """What is kept of a variance."""

    def divisor(self, statistic: Tensor) -> Tensor:
        """What the deployed network divides centred sums by, given what is kept."""

    def factor(self, gamma: Tensor) -> Tensor:
        """What it multiplies the quotient by."""


class Plain:
    """Ioffe and Szegedy 2015 (arXiv 1502.03167). See Norm; keeps the variance."""

    statistic = "var"

    def training(self, rows: Tensor, running: Running, gamma: Tensor, beta: Tensor, crowd: Crowd) -> Tensor:
        if crowd.world.size == 1:
            return F.batch_norm(rows, *running, gamma, beta, True, MOMENTUM, EPSILON)
        outputs, mean, variance = _Shared.apply(rows, gamma, beta, crowd)
        return _take(running, mean, variance * (crowd.count / (crowd.count - 1)), MOMENTUM, outputs)

    def square(self, centred: Tensor) -> Tensor:
        return centred.square()

    def kept(self, variance: Tensor) -> Tensor:
        return variance

    def divisor(self, statistic: Tensor) -> Tensor:
        return torch.sqrt(statistic + EPSILON)

    def factor(self, gamma: Tensor) -> Tensor:
        return gamma


class ShiftBased:
    """Hubara et al. 2016 (arXiv 1602.02830), algorithm 3: every product is by a power of two. See Norm; keeps 1/sigma.

    C = x - mean(x); sigma^2 = mean(C AP2(C)); y = AP2(gamma) C AP2(1 / sqrt(sigma^2 + epsilon)) + beta, where AP2 is
    the nearest power of two. Deployed, AP2 is taken of the running mean of 1/sigma.
    """

    statistic = "inverse_std"

    def training(self, rows: Tensor, running: Running, gamma: Tensor, beta: Tensor, crowd: Crowd) -> Tensor:
        outputs, mean, inverse = _ShiftBased.apply(rows, gamma, beta, crowd)
        return _take(running, mean, inverse, SHIFT_MOMENTUM, outputs)

    def square(self, centred: Tensor) -> Tensor:
        return power_of_two(centred).mul_(centred)

    def kept(self, variance: Tensor) -> Tensor:
        return torch.rsqrt(variance + EPSILON)

    def divisor(self, statistic: Tensor) -> Tensor:
        return 1 / power_of_two(statistic)  # exact, as the product with the power is

    def factor(self, gamma: Tensor) -> Tensor:
        return power_of_two(gamma)


class _ShiftBased(torch.autograd.Function):
    """Rows normalised, their mean and 1/sigma; backward as in the code that Hubara et al. 2016 released.

    With c = AP2(C), r = AP2(1/sigma): dx = AP2(gamma) r (g - mean(g) - c r^2 mean(c g)), dgamma = sum(AP2(C r) g):
    the gradient of plain batch-norm, with the nearest powers of two in place of what would be multiplied.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, gamma: Tensor, beta: Tensor, crowd: Crowd) -> tuple[Tensor, Tensor, Tensor]:
        mean = crowd.mean(rows)
        centred = rows - mean
        shifts = power_of_two(centred)
        inverse = torch.rsqrt(crowd.mean(centred * shifts).add_(EPSILON))
        shift, factor = power_of_two(inverse), power_of_two(gamma)
        ctx.save_for_backward(shifts, shift, factor)
        ctx.crowd = crowd
        ctx.mark_non_differentiable(mean, inverse)
        return centred.mul_(shift * factor).add_(beta), mean, inverse

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        shifts, shift, factor = ctx.saved_tensors
        slopes, products = gradients[0], shifts * gradients[0]
        along = ctx.crowd.mean(products).mul_(shift * shift)
        of_rows = (slopes - ctx.crowd.mean(slopes)).sub_(shifts * along).mul_(shift * factor)
        return of_rows, products.sum(0).mul_(shift), slopes.sum(0), None


class _Shared(torch.autograd.Function):
    """Plain batch-norm of rows that several processes have: rows normalised, mean and biased variance of all.

    The gradients of gamma and beta are of this process's rows, as those of every other parameter.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, gamma: Tensor, beta: Tensor, crowd: Crowd) -> tuple[Tensor, Tensor, Tensor]:
        mean = crowd.mean(rows)
        centred = rows - mean
        variance = crowd.mean(centred.square())
        inverse = torch.rsqrt(variance + EPSILON)
        normal = centred * inverse
        ctx.save_for_backward(normal, inverse, gamma)
        ctx.crowd = crowd
        ctx.mark_non_differentiable(mean, variance)
        return normal * gamma + beta, mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        normal, inverse, gamma = ctx.saved_tensors
        slopes, products = gradients[0], normal * gradients[0]
        of_rows = (slopes - ctx.crowd.mean(slopes)).sub_(normal * ctx.crowd.mean(products)).mul_(inverse * gamma)
        return of_rows, products.sum(0), slopes.sum(0), None


def _take(running: Running, mean: Tensor, statistic: Tensor, share: float, outputs: Tensor) -> Tensor:
    """Add a batch's statistics to the running ones, and hand on its outputs."""
    running[0].lerp_(mean, share)
    running[1].lerp_(statistic, share)
    return outputs


_KINDS: dict[str, Norm] = {"plain": Plain(), "shift-based": ShiftBased()}


def norm(config: RunConfig) -> Norm:
    """The batch-norm of a run."""
    return _KINDS[config.batch_norm]


def normalise(sums: Tensor, mean: Tensor, divisor: Tensor, factor: Tensor, beta: Tensor) -> Tensor:
    """Batch-norm with given statistics, in exactly this order of operations, each rounded once.

    fold.BatchNorm does the same in numpy: in float64 the two agree to the bit, and thresholds are folded from that.
    """
    return (sums - mean) / divisor * factor + beta
