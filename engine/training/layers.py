"""Layers and network in torch, on canonical arrays: binary weights by sign, batch-norm, and their float twin.

Maps are [B, H, W, C] throughout, so that a dense layer takes them flat in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor

from engine.config import RunConfig
from engine.training import quantize
from engine.training.convolution import convolve, max_pool
from engine.training.models import ConvLayer, LayerPlan, plans
from engine.training.steppers import Arrays

EPSILON = 1e-5
"""Added to the variance in batch-norm."""

MOMENTUM = 0.1
"""Share of a batch's statistics in the running ones, torch's convention (the running variance is the unbiased one)."""

Noise = Callable[[str, int, torch.Size], Tensor | None]
"""(purpose, layer, shape) -> uniform noise for a stochastic sign, or None for a deterministic one."""


def no_noise(purpose: str, layer: int, shape: torch.Size) -> None:
    """Every sign deterministic, as in deployment."""


def normalise(sums: Tensor, mean: Tensor, var: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """Batch-norm with given statistics, in exactly this order of operations, each rounded once.

    fold.rule does the same in numpy: in float64 the two agree to the bit, and thresholds are folded from that.
    """
    return (sums - mean) / torch.sqrt(var + EPSILON) * gamma + beta


class Layer:
    """One dense layer or convolution and its batch-norm (or bias), in one dtype.

    Attributes:
        plan: which of the two, and how.
        latent: [outputs, inputs], what the optimizer moves; inputs of a convolution by (row, column, channel).
        weights: what multiplies: the signs of the latents as +-1 (binary), or the latents themselves (float). The
            gradient with respect to it is applied to the latents, as Hubara et al. do.
        parameters: by canonical name within the layer: latent, and gamma and beta, or bias.
        statistics: mean and var of batch-norm, or nothing.
    """

    def __init__(self, arrays: Arrays, index: int, plan: LayerPlan, binary: bool, dtype: torch.dtype) -> None:
        prefix = f"layer{index}."
        own = {
            name.removeprefix(prefix): torch.tensor(array, dtype=dtype)
            for name, array in arrays.items()
            if name.startswith(prefix) and not name.endswith((".m", ".v"))
        }
        self.index = index
        self.plan = plan
        self.binary = binary
        self.statistics = {name: own.pop(name) for name in ("mean", "var") if name in own}
        self.parameters = own
        self.latent = own["latent"]
        self.weights = torch.empty_like(self.latent) if binary else self.latent
        self.refresh(None)

    def refresh(self, noise: Tensor | None) -> None:
        """Take the signs of the latents anew, stochastically where noise is given."""
        if not self.binary:
            return
        with torch.no_grad():
            if noise is None:
                torch.ge(self.latent, 0, out=self.weights.detach()).mul_(2).sub_(1)
            else:
                self.weights.copy_(quantize.stochastic_sign(self.latent, noise))

    def sums(self, x: Tensor) -> Tensor:
        """Products [B, outputs], or maps of them, pooled; of +-1 and pixels whole numbers, exact below 2**24."""
        if not isinstance(self.plan, ConvLayer):
            return F.linear(x.flatten(1), self.weights)
        signs = self.binary and self.index > 0
        sums = convolve(x, self.weights, self.plan, beyond=-1.0 if signs else 0.0)
        return sums if self.plan.pool is None else max_pool(sums, self.plan.pool)

    def outputs(self, sums: Tensor, before: Tensor | None, training: bool) -> Tensor:
        """What the sign is taken of: the sums scaled, with a shortcut added to the outputs of the layer before."""
        scaled = self._scaled(sums, training)
        return scaled if not self.plan.shortcut or before is None else before + scaled

    def _scaled(self, sums: Tensor, training: bool) -> Tensor:
        """Batch-norm of the sums by output, with the batch's own statistics in training; or the bias-only form."""
        p = self.parameters
        if "bias" in p:
            return sums * sums.new_tensor(common_scale(self.latent.shape[1])) + p["bias"]
        mean, var = self.statistics["mean"], self.statistics["var"]
        if training:
            rows = sums.reshape(-1, sums.shape[-1])  # of a map every place counts
            return F.batch_norm(rows, mean, var, p["gamma"], p["beta"], True, MOMENTUM, EPSILON).view(sums.shape)
        return normalise(sums, mean, var, p["gamma"], p["beta"])


def common_scale(inputs: int) -> float:
    """The one scale of the bias-only output: sums of `inputs` random signs then spread by about 1."""
    return float(np.float32(1 / np.sqrt(inputs)))


class Network:
    """A whole network on canonical arrays: trained by a stepper, or evaluated layer by layer."""

    def __init__(self, arrays: Arrays, config: RunConfig, dtype: torch.dtype = torch.float32) -> None:
        self.binary = config.kind == "binary"
        self.dtype = dtype
        self.layers = [Layer(arrays, i, plan, self.binary, dtype) for i, plan in enumerate(plans(config, arrays))]

    def inputs(self, images: np.ndarray) -> Tensor:
        """Images u8 [B, H, W, C] as the first layer takes them: pixel values 0..255, or 0..1 for the float twin."""
        values = torch.tensor(images).to(self.dtype)
        return values if self.binary else values.div_(255)

    def activate(self, outputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """What stands between two layers: the sign with its straight-through estimator, or ReLU."""
        return quantize.straight_through(outputs, noise) if self.binary else F.relu(outputs)

    def forward(self, images: np.ndarray, training: bool = False, noise: Noise = no_noise) -> Iterator[Tensor]:
        """The outputs [B, outputs], or maps of them, of each layer before its sign; the last are the scores."""
        x, outputs = self.inputs(images), None
        for layer in self.layers:
            outputs = layer.outputs(layer.sums(x), outputs, training)
            yield outputs
            if layer is not self.layers[-1]:
                x = self.activate(outputs, noise("activations", layer.index, outputs.shape))


def loss(scores: Tensor, labels: Tensor, config: RunConfig) -> Tensor:
    """Mean loss of a batch: cross-entropy, or the squared hinge of the paper's L2-SVM, targets +-1."""
    if config.loss == "cross-entropy":
        return F.cross_entropy(scores, labels)
    targets = F.one_hot(labels, scores.shape[1]).to(scores.dtype).mul_(2).sub_(1)
    return F.relu(1 - targets * scores).square().mean()
