"""Training steps by native kernels, for dense binary networks: packed bits forward, int8 back, updates in the product.

See engine.jit.training for the kernels. The gradients of a layer's sums are rounded to int8, by row on the way to the
layer before and by output on the way to the weights; all else is as in plain torch, which stays the oracle.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine import threads
from engine.bits import Words
from engine.config import RunConfig
from engine.jit.target import host
from engine.training.models import architecture
from engine.training.native.network import Network
from engine.training.native.step import Kind, Step
from engine.training.native.support import lacking
from engine.training.parallel import ALONE, World
from engine.training.plan import DenseLayer
from engine.training.steppers import Arrays, Key, StepResult

KEPT = 4
"""Kinds of steps whose buffers are kept: the usual batch, the last one of an epoch."""

MOVED = 30
"""Images whose products with a weight take about as long as it takes to move it."""
WORTH_A_THREAD = 20_000_000
"""Such products, a bit under a millisecond."""

OPTIMIZERS = ("adam", "sgd", "bop")


class NativeStepper:
    """See steppers.Stepper. Where an output is not a number the loss is none either, and the weights stay."""

    rank: ClassVar[int] = 10

    def __init__(self, config: RunConfig, arrays: Arrays, world: World = ALONE) -> None:  # noqa: ARG002 - see supports
        self._config = config
        self.load(arrays)

    @staticmethod
    def title() -> str:
        return f"native kernels ({host().name})"

    @staticmethod
    def supports(config: RunConfig, processes: int = 1) -> str | None:
        if config.optimizer not in OPTIMIZERS:
            return f"The native step has no optimizer={config.optimizer}."
        if any(layer != DenseLayer(layer.outputs) for layer in architecture(config.model, config.layers).hidden):
            return "The native step is of plain dense layers."
        return lacking(config, processes)

    def load(self, arrays: Arrays) -> None:
        self._network = Network(self._config, arrays)
        self._kinds: dict[Kind, Step] = {}
        self._last: Step | None = None

    def step(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], rate: float, config: RunConfig, key: Key
    ) -> StepResult:
        self._config = config
        step = self._last = self._step(Kind.of(len(images), config))
        step.forward(images, config, key)
        result = step.judge(labels, config.loss)
        if not (math.isfinite(result.loss) and self._network.affine.finite):
            return StepResult(math.nan, result.correct, (0,) * len(self._network.weights))
        self._network.steps += 1
        flips = step.backward(rate, config)
        self._network.affine.move(rate, config, self._network.steps)
        return StepResult(result.loss, result.correct, flips)

    def _step(self, kind: Kind) -> Step:
        """The step for a kind of batch, made at its first."""
        found = self._kinds.pop(kind, None) or Step(self._network, kind, self.workers(kind.images))
        self._kinds[kind] = found
        while len(self._kinds) > KEPT:
            del self._kinds[next(iter(self._kinds))]
        return found

    def workers(self, images: int) -> int:
        work = sum(math.prod(weights.shape) for weights in self._network.weights) * (images + MOVED)
        return threads.worthwhile(self._config.threads, work, WORTH_A_THREAD)

    def state(self) -> Arrays:
        return self._network.state()

    def signs(self, layer: int) -> Words:
        return self._network.weights[layer].signs()

    def tile_flips(self, layer: int) -> NDArray[np.uint32]:
        return self._network.weights[layer].flips()

    def reset_flips(self) -> None:
        for weights in self._network.weights:
            weights.counts.fill(0)

    def shape(self, layer: int) -> tuple[int, int]:
        return self._network.weights[layer].shape

    def latents(self, layer: int, rows: slice = slice(None)) -> NDArray[np.float32]:
        weights = self._network.weights[layer]
        return weights.rows(weights.latents, rows)

    def inertia(self, layer: int, rows: slice = slice(None)) -> NDArray[np.float32]:
        if self._config.optimizer != "bop":
            return self.latents(layer, rows)
        weights = self._network.weights[layer]
        return weights.rows(weights.moments["m"], rows) / np.float32(-self._config.flip_threshold)

    def look(self, layer: int, row: int, column: int) -> tuple[bool, float]:
        inertia = self.inertia(layer, slice(row, row + 1))[0, column]
        return self._network.weights[layer].latent(row, column) >= 0, float(inertia)

    def places(self, layer: int) -> int:  # noqa: ARG002 - an image each, in every layer
        return 0 if self._last is None else self._last.images

    def preactivations(self, layer: int, rows: slice = slice(None)) -> NDArray[np.float32]:
        if self._last is None:
            return np.empty((0, self._network.weights[layer].outputs), np.float32)
        return self._last.outputs(layer, rows)


STEPPER = NativeStepper
