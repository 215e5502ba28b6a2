"""The paper's network for digits: one hidden layer in any form, float or binary, and a layer that scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from numpy.typing import NDArray
from torch import Tensor

from engine.config import RunConfig
from engine.digits import SET
from engine.training import norms, quantize
from engine.training.compression.weights import Matrix, Weights
from engine.training.norms import Crowd, normalise
from engine.training.parallel import ALONE
from engine.training.reestimate import sample

SIDE = 32
"""Images are padded to 32 x 32, so that 1,024 inputs factor evenly, as in Novikov et al. 2015, section 6.1."""


class Stage:
    """Weights and their batch-norm."""

    def __init__(self, weights: Weights, config: RunConfig) -> None:
        self.weights = weights
        self._norm = norms.norm(config)
        self.latents = {"gamma": torch.ones(weights.outputs), "beta": torch.zeros(weights.outputs)}
        self.leaves = {name: each.detach().requires_grad_() for name, each in self.latents.items()}
        self._mean, self._statistic = torch.zeros(weights.outputs), torch.ones(weights.outputs)

    def outputs(self, x: Tensor, *, training: bool) -> Tensor:
        """Normalised products [B, outputs], with the batch's own statistics in training."""
        sums, (gamma, beta) = self.weights.product(x), (self.leaves["gamma"], self.leaves["beta"])
        if training:
            return self._norm.training(sums, (self._mean, self._statistic), gamma, beta, Crowd(ALONE, len(sums)))
        divisor = self._norm.divisor(self._statistic)
        return normalise(sums, self._mean, divisor, self._norm.factor(gamma), beta)

    def estimate(self, x: Tensor) -> None:
        """Take the statistics of these inputs, whole."""
        with torch.no_grad():
            sums = self.weights.product(x).double()
            self._mean = sums.mean(0)
            self._statistic = self._norm.kept(self._norm.square(sums - self._mean).mean(0)).float()
            self._mean = self._mean.float()


class HiddenLayerNetwork:
    """Pixels, a hidden layer of any form, batch-norm, ReLU or sign, scores with batch-norm. See fit.Trainee.

    A binary one is binary from end to end: bits of the image in, signs out, signs for weights.
    """

    def __init__(self, hidden: Weights, scoring: Matrix, config: RunConfig) -> None:
        self._binary = config.binary_activations
        self.stages = {"hidden": Stage(hidden, config), "scores": Stage(scoring, config)}
        self._seed = config.seed

    @property
    def latents(self) -> Mapping[str, Tensor]:
        return {
            f"{at}.{name}": tensor
            for at, stage in self.stages.items()
            for name, tensor in (stage.weights.latents | stage.latents).items()
        }

    @property
    def leaves(self) -> Mapping[str, Tensor]:
        return {
            f"{at}.{name}": tensor
            for at, stage in self.stages.items()
            for name, tensor in (stage.weights.leaves | stage.leaves).items()
        }

    def refresh(self) -> None:
        for stage in self.stages.values():
            stage.weights.refresh()

    def settle(self) -> None:
        for stage in self.stages.values():
            stage.weights.settle()

    def scores(self, images: NDArray[np.uint8], *, training: bool = False) -> Tensor:
        return self.stages["scores"].outputs(self._features(images, training=training), training=training)

    def estimate(self, images: NDArray[np.uint8]) -> None:
        """Take batch-norm's statistics anew, of a sample of the images trained on, for the weights as they are."""
        chosen = sample(images, self._seed)
        self.stages["hidden"].estimate(self._inputs(chosen))
        with torch.no_grad():
            self.stages["scores"].estimate(self._features(chosen, training=False))

    @property
    def bits(self) -> int:
        """What is stored of the network, batch-norm folded: see `folded_bits`."""
        return sum(stage.weights.bits + folded_bits(stage.weights, last=at == "scores", binary=self._binary)
                   for at, stage in self.stages.items())  # fmt: skip

    def _features(self, images: NDArray[np.uint8], *, training: bool) -> Tensor:
        outputs = self.stages["hidden"].outputs(self._inputs(images), training=training)
        return quantize.binarize(outputs) if self._binary else F.relu(outputs)

    def _inputs(self, images: NDArray[np.uint8]) -> Tensor:
        """Padded and flat, row by row: 0 to 1, or bits as +-1."""
        _, height, width, _ = images.shape
        down, right = SIDE - height, SIDE - width
        sides = ((0, 0), (down // 2, down - down // 2), (right // 2, right - right // 2), (0, 0))
        pixels = np.pad(images, sides).reshape(len(images), -1)
        if self._binary:
            return torch.from_numpy(np.where(pixels >= SET, np.float32(1), np.float32(-1)))
        return torch.from_numpy(pixels.astype(np.float32) / np.float32(255))


def folded_bits(weights: Weights, *, last: bool, binary: bool) -> int:
    """What batch-norm leaves of itself: a threshold and its direction, a bias, or a scale as well as a bias.

    A scale goes into a matrix or the left factor of a product; of shared numbers it stays.
    """
    if binary:
        return weights.outputs * (64 if last else 33)
    return weights.outputs * (32 if weights.form in ("dense", "low rank") else 64)
