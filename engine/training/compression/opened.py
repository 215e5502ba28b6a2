"""A network of dense layers from a model file, in torch, of which one layer can be put in another form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from numpy.typing import NDArray
from torch import Tensor

from engine.bits import unpack
from engine.digits import SET
from engine.errors import BadInput, Unsupported
from engine.inference.network import (
    Affine,
    Dense,
    FloatDense,
    FloatNetwork,
    Metadata,
    Network,
    PackedNetwork,
    Threshold,
)
from engine.training import quantize
from engine.training.compression.weights import Matrix, Weights

After = Literal["relu", "sign", "scores"]
FOLDED = {"relu": 32, "sign": 33, "scores": 32}
"""Bits of what follows a layer's sums, for each output: a bias, or a threshold and its direction; scores of a packed
network have a scale more."""


@dataclass
class Stage:
    """A layer: its weights, and what is made of its sums: sums * scale + shift, then ReLU or the sign.

    scale, shift: [outputs] or a number. stored: bits of one weight in the file. extra: bits stored beside the weights.
    """

    weights: Weights
    scale: Tensor
    shift: Tensor
    after: After
    stored: int
    extra: int

    def outputs(self, x: Tensor) -> Tensor:
        """What the next layer takes, or the scores."""
        made = self.weights.product(x) * self.scale + self.shift
        if self.after == "relu":
            return F.relu(made)
        return quantize.binarize(made) if self.after == "sign" else made


class Opened:
    """The network whole. Scores as the file's own: for whole sums the very comparisons with its thresholds."""

    def __init__(self, network: Network) -> None:
        self.metadata: Metadata = network.metadata
        self._pixels = 255.0 if isinstance(network, FloatNetwork) else 1.0
        self._bits = isinstance(network, PackedNetwork) and network.source == "bits"
        self.stages = _float_stages(network) if isinstance(network, FloatNetwork) else _packed_stages(network)

    @property
    def bits(self) -> int:
        """What the file's weights, thresholds and biases take."""
        return sum(s.stored * s.weights.outputs * s.weights.inputs + s.extra for s in self.stages)

    def chosen(self, layer: int | None) -> int:
        """The index of a layer that is numbered from 1, or of the largest. Raises BadInput."""
        sizes = [stage.weights.outputs * stage.weights.inputs for stage in self.stages]
        if layer is None:
            return sizes.index(max(sizes))
        if not 1 <= layer <= len(sizes):
            raise BadInput(f"The network has no layer {layer}.", f"Choose 1 to {len(sizes)}.")
        return layer - 1

    def inputs(self, images: NDArray[np.uint8]) -> Tensor:
        """Images as the first layer takes them, [B, inputs]."""
        flat = images.reshape(len(images), -1)
        if self._bits:
            return torch.from_numpy(np.where(flat >= SET, np.float32(1), np.float32(-1)))
        return torch.from_numpy(flat.astype(np.float32) / np.float32(self._pixels))

    def before(self, index: int, images: NDArray[np.uint8]) -> Tensor:
        """What layer `index` takes."""
        with torch.no_grad():
            x = self.inputs(images)
            for stage in self.stages[:index]:
                x = stage.outputs(x)
        return x


class Replaced:
    """An opened network with one layer in another form; that form and its shift learn, the rest stays. See fit.Trainee.

    Before a sign, sums are brought to about 1 by a power of two, which no comparison notices, so that the
    straight-through estimator lets gradients through.
    """

    def __init__(self, network: Opened, index: int, weights: Weights, sample: NDArray[np.uint8]) -> None:
        """sample: images u8 [B, H, W, C] by which the size of sums is told."""
        self._network, self._index = network, index
        old = network.stages[index]
        size = torch.ones(())
        if old.after == "sign":
            with torch.no_grad():
                spread = old.weights.product(network.before(index, sample)).std()
            size = quantize.power_of_two(1 / spread.clamp(min=1e-6))
        self._shift = (old.shift * size).clone()
        self._leaf = self._shift.detach().requires_grad_()
        self._stage = Stage(weights, old.scale * size, self._leaf, old.after, 32, old.extra)

    @property
    def latents(self) -> Mapping[str, Tensor]:
        return {**self._stage.weights.latents, "shift": self._shift}

    @property
    def leaves(self) -> Mapping[str, Tensor]:
        return {**self._stage.weights.leaves, "shift": self._leaf}

    def refresh(self) -> None:
        self._stage.weights.refresh()

    def settle(self) -> None:
        self._stage.weights.settle()

    def scores(self, images: NDArray[np.uint8], *, training: bool = False) -> Tensor:  # noqa: ARG002 - fit.Trainee
        x = self._stage.outputs(self._network.before(self._index, images))
        for stage in self._network.stages[self._index + 1 :]:
            x = stage.outputs(x)
        return x


def _float_stages(network: FloatNetwork) -> list[Stage]:
    stages = []
    for layer in network.operations:
        if not isinstance(layer, FloatDense) or layer.shortcut:
            raise _refused()
        after: After = "relu" if layer.relu else "scores"
        weights, bias = (torch.from_numpy(np.array(array)) for array in (layer.weight, layer.bias))
        stages.append(Stage(Matrix(weights), torch.ones(()), bias, after, 32, 32 * layer.outputs))
    return stages


def _packed_stages(network: PackedNetwork) -> list[Stage]:
    stages, products = [], [op for op in network.operations if isinstance(op, Dense)]
    for product, after in zip(products, network.operations[1::2], strict=False):
        if len(products) * 2 != len(network.operations) or not isinstance(after, Threshold | Affine):
            raise _refused()
        signs = torch.from_numpy(np.where(unpack(product.weights, product.inputs), np.float32(1), np.float32(-1)))
        if isinstance(after, Threshold):
            direction = torch.from_numpy(np.where(after.at_least, np.float32(1), np.float32(-1)))
            shift = -direction * torch.from_numpy(after.threshold.astype(np.float32))
            stages.append(Stage(Matrix(signs), direction, shift, "sign", 1, 33 * product.outputs))
        else:
            scale, shift = (torch.from_numpy(np.array(array)) for array in (after.scale, after.shift))
            stages.append(Stage(Matrix(signs), scale, shift, "scores", 1, 64 * product.outputs))
    if not stages:
        raise _refused()
    return stages


def _refused() -> Unsupported:
    return Unsupported(
        "This network has more than dense layers one after the other.", "Choose a multilayer perceptron, e.g. an mlp."
    )
