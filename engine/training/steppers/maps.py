"""Training steps of convolutional networks by native kernels: sums on packed bits, gradients in 16-bit integers.

See engine.training.maps. Latents, their optimizer, and what is told of flips are those of plain torch.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.config import RunConfig
from engine.inference.operations import MaxPool
from engine.jit.target import host
from engine.jit.training.kernels import POOLS
from engine.training.maps.network import Network
from engine.training.models import architecture
from engine.training.native.support import lacking
from engine.training.passes import TrainingPass
from engine.training.plan import ConvLayer
from engine.training.steppers import Arrays
from engine.training.steppers.torch_stepper import TorchStepper

KEPT = 2
"""Sizes of batches whose buffers are kept: the usual one, the last one of an epoch."""


class MapStepper(TorchStepper):
    """See steppers.Stepper."""

    rank: ClassVar[int] = 5

    @staticmethod
    def title() -> str:
        return f"native kernels on maps ({host().name})"

    @staticmethod
    def supports(config: RunConfig, processes: int = 1) -> str | None:
        if config.inputs != "pixels":
            return "The native step on maps takes pixels."
        if config.dropout_input or config.dropout_hidden:
            return "The native step on maps has no dropout."
        hidden = architecture(config.model, config.layers).hidden
        if not hidden or not isinstance(hidden[0], ConvLayer):
            return "The native step on maps begins with a convolution."
        if any(isinstance(layer, ConvLayer) and not _pools(layer.pool) for layer in hidden):
            return "The native step on maps pools in windows side by side."
        return lacking(config, processes)

    def load(self, arrays: Arrays) -> None:
        super().load(arrays)
        self._made: dict[tuple[object, ...], Network] = {}
        self._last: Network | None = None

    def _forward(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], training: TrainingPass
    ) -> tuple[float, int]:
        network = self._last = self._for(images.shape)
        network.forward(images)
        found = network.judge(labels, training.config.loss)
        return found.loss if network.finite else math.nan, found.correct

    def _gradients(self) -> dict[str, Tensor]:
        assert self._last is not None
        found = self._last.backward()
        return {name: torch.from_numpy(gradient) for name, gradient in found.items()}

    def _for(self, shape: tuple[int, ...]) -> Network:
        """The buffers for a batch of images of that shape, made at its first; the estimator may change at any step."""
        kind = (*shape, self._config.estimator)
        found = self._made.pop(kind, None)
        if found is None:
            found = Network(self._network.layers, shape[1:], shape[0], self._config.estimator, self._config.threads)
        self._made[kind] = found
        while len(self._made) > KEPT:
            del self._made[next(iter(self._made))]
        return found

    def places(self, layer: int) -> int:
        return 0 if self._last is None else len(self._last.values(layer))

    def preactivations(self, layer: int, rows: slice = slice(None)) -> NDArray[np.float32]:
        if self._last is None:
            return np.empty((0, self.shape(layer)[0]), np.float32)
        return self._last.values(layer)[rows]


def _pools(pool: MaxPool | None) -> bool:
    return pool is None or (pool.size == pool.stride and pool.size in POOLS)


STEPPER = MapStepper
