"""Layers and network in torch, on canonical arrays: binary weights by sign, batch-norm, and their float twin.

Maps are [B, H, W, C] throughout, so that a dense layer takes them flat in that order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor

from engine.config import RunConfig
from engine.digits import SET
from engine.training import norms, quantize
from engine.training.convolution import convolve, max_pool
from engine.training.models import plans
from engine.training.norms import Crowd, normalise
from engine.training.passes import TrainingPass
from engine.training.plan import ConvLayer, LayerPlan
from engine.training.steppers import Arrays


class Layer:
    """One dense layer or convolution and its batch-norm (or bias), in one dtype.

    Attributes:
        plan: which of the two, and how.
        latent: [outputs, inputs], what the optimizer moves; inputs of a convolution by (row, column, channel).
        weights: what multiplies: the signs of the latents as +-1 (binary), or the latents themselves (float). The
            gradient with respect to it is applied to the latents, as Hubara et al. do.
        parameters: by canonical name within the layer: latent, gamma and beta, or bias; threshold, where it is learned.
        statistics: the running ones of batch-norm, by canonical name within the layer, or nothing.
    """

    def __init__(self, arrays: Arrays, index: int, plan: LayerPlan, config: RunConfig, dtype: torch.dtype) -> None:
        prefix = f"layer{index}."
        own = {
            name.removeprefix(prefix): torch.tensor(array, dtype=dtype, device=config.device)
            for name, array in arrays.items()
            if name.startswith(prefix) and not name.endswith((".m", ".v"))
        }
        self.index = index
        self.plan = plan
        self.binary = config.binary_weights
        self.norm = norms.norm(config)
        self.statistics = {name: own.pop(name) for name in ("mean", self.norm.statistic) if name in own}
        self.parameters = own
        self.latent = own["latent"]
        self.weights = torch.empty_like(self.latent) if self.binary else self.latent
        self._scaled = config.scaling == "xnor-net"
        self._signs_out = config.binary_activations
        self._beyond = -1.0 if config.binary_activations and (index > 0 or config.inputs == "bits") else 0.0
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

    def flip(self, failed: Tensor | None) -> None:
        """Have weights, by their number row by row, multiply with the other sign until they are refreshed."""
        if failed is None:
            return
        with torch.no_grad():
            weights, cells = self.weights.view(-1), failed.to(self.weights.device)
            weights[cells] = -weights[cells]

    def leaves(self) -> Iterator[tuple[str, Tensor]]:
        """What gradients are taken of, each with the parameter that it is added to the gradient of."""
        for name, parameter in self.parameters.items():
            if name != "latent":
                yield name, parameter
                continue
            yield name, self.weights
            if self._scaled:
                yield name, self.latent

    def sums(self, x: Tensor) -> Tensor:
        """Products [B, outputs], or maps of them, pooled; of +-1 and pixels whole numbers, exact below 2**24.

        With XNOR-Net's scale each is a whole number times its output's alpha, rounded once.
        """
        if isinstance(self.plan, ConvLayer):
            sums = convolve(x, self.weights, self.plan, self._beyond)
            sums = sums if self.plan.pool is None else max_pool(sums, self.plan.pool)
        else:
            sums = F.linear(x.flatten(1), self.weights)
        return sums * quantize.mean_magnitude(self.latent) if self._scaled else sums

    def outputs(self, sums: Tensor, before: Tensor | None, training: TrainingPass | None = None) -> Tensor:
        """What the sign is taken of: the sums normalised, with a shortcut added to the outputs of the layer before."""
        outputs = self._normalised(sums, training)
        return outputs if not self.plan.shortcut or before is None else before + outputs

    def _normalised(self, sums: Tensor, training: TrainingPass | None) -> Tensor:
        """Batch-norm of the sums by output, with the batch's own statistics in training; or the bias-only form."""
        p = self.parameters
        if "bias" in p:
            return sums * sums.new_tensor(common_scale(self.latent.shape[1])) + p["bias"]
        mean, statistic = self.statistics["mean"], self.statistics[self.norm.statistic]
        if training is not None:
            rows = sums.reshape(-1, sums.shape[-1])  # of a map every place counts
            crowd = Crowd(training.world, training.images * math.prod(sums.shape[1:-1]))
            return self.norm.training(rows, (mean, statistic), p["gamma"], p["beta"], crowd).view(sums.shape)
        return normalise(sums, mean, self.norm.divisor(statistic), self.norm.factor(p["gamma"]), p["beta"])

    def activate(self, outputs: Tensor, training: TrainingPass | None = None) -> Tensor:
        """What stands between two layers: the sign with its pseudo-gradient, from a threshold up, or ReLU."""
        if not self._signs_out:
            return F.relu(outputs)
        if "threshold" in self.parameters:
            outputs = outputs - self.parameters["threshold"]
        if training is None:
            return quantize.sign(outputs)
        estimator = quantize.ESTIMATORS[training.config.estimator]
        return quantize.binarize(outputs, training.activation_noise(self.index, outputs), estimator)


def common_scale(inputs: int) -> float:
    """The one scale of the bias-only output: sums of `inputs` random signs then spread by about 1."""
    return float(np.float32(1 / np.sqrt(inputs)))


class Network:
    """A whole network on canonical arrays: trained by a stepper, or evaluated layer by layer."""

    def __init__(self, arrays: Arrays, config: RunConfig, dtype: torch.dtype = torch.float32) -> None:
        self.binary = config.binary_activations
        self.dtype = dtype
        self._bits = config.inputs == "bits"
        self._device = config.device
        self.layers = [Layer(arrays, i, plan, config, dtype) for i, plan in enumerate(plans(config, arrays))]

    def inputs(self, images: np.ndarray) -> Tensor:
        """Images u8 [B, H, W, C] as the first layer takes them: 0..255, bits as +-1, or 0..1 before float layers."""
        pixels = torch.tensor(images, device=self._device)
        if self._bits:
            return (pixels >= SET).to(self.dtype).mul_(2).sub_(1)
        values = pixels.to(self.dtype)
        return values if self.binary else values.div_(255)

    def forward(self, images: np.ndarray, training: TrainingPass | None = None) -> Iterator[Tensor]:
        """The outputs [B, outputs], or maps of them, of each layer before its sign; the last are the scores.

        training: what a training pass has; None for a pass as deployed.
        """
        x, outputs = self.inputs(images), None
        for layer in self.layers:
            x = x if training is None else training.dropped(x, layer.index)
            outputs = layer.outputs(layer.sums(x), outputs, training)
            yield outputs
            if layer is not self.layers[-1]:
                x = layer.activate(outputs, training)


def loss(scores: Tensor, labels: Tensor, config: RunConfig, images: int) -> Tensor:
    """Mean loss of a batch of so many images, of which these may be a part.

    Cross-entropy, or the squared hinge of the paper's L2-SVM, targets +-1.
    """
    if config.loss == "cross-entropy":
        return F.cross_entropy(scores, labels, reduction="sum") / images
    targets = F.one_hot(labels, scores.shape[1]).to(scores.dtype).mul_(2).sub_(1)
    return F.relu(1 - targets * scores).square().sum() / (images * scores.shape[1])
