"""Steps on batches of one size with one kind of dropout: buffers, programs, and what is drawn and told at each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.config import RunConfig
from engine.digits import SET
from engine.jit.layout import aligned, whole
from engine.training.layers import common_scale
from engine.training.native import settings
from engine.training.native.between import TILE, Pixels, Signs, Sums
from engine.training.native.layout import Float32
from engine.training.native.loss import Judge, Judged
from engine.training.native.network import Network
from engine.training.native.programs import Layer, Programs
from engine.training.steppers import Key


@dataclass(frozen=True)
class Kind:
    """What a step's buffers are made for: images of the batch, and where there is dropout."""

    images: int
    dropout_input: bool
    dropout_hidden: bool

    @classmethod
    def of(cls, images: int, config: RunConfig) -> Kind:
        return cls(images, config.dropout_input > 0, config.dropout_hidden > 0)

    def runs(self, layer: int) -> int:
        """Runs of bits that layer `layer` takes."""
        return 1 + (self.dropout_hidden if layer else self.dropout_input)


class Step:
    """Makes the steps of one kind. See steppers.Stepper for what is given.

    Attributes:
        programs: of kernels that it runs.
    """

    def __init__(self, network: Network, kind: Kind, workers: int) -> None:
        self._network, self._kind = network, kind
        rows = whole(kind.images, TILE)
        takes = [self._takes(layer, rows) for layer in range(len(network.weights))]
        gives = [*takes[1:], Signs(network.weights[-1].outputs, rows, 1)]
        self._layers = [
            self._layer(i, taken, given, rows, workers)
            for i, (taken, given) in enumerate(zip(takes, gives, strict=True))
        ]
        scores: Float32 = aligned((rows, network.weights[-1].room), np.float32)
        self._scores = scores[: kind.images]
        self._judge = Judge(self._scores, network.weights[-1].outputs)
        self.programs = Programs(self._layers, kind.images, network.config.optimizer, workers, scores)
        self._settled: RunConfig | None = None

    def _takes(self, layer: int, rows: int) -> Signs | Pixels:
        weights = self._network.weights[layer]
        if layer == 0 and self._network.config.inputs == "pixels":
            return Pixels(weights.inputs, rows, weights.room)
        return Signs(weights.inputs, rows, self._kind.runs(layer))

    def _layer(self, i: int, takes: Signs | Pixels, gives: Signs | Pixels, rows: int, workers: int) -> Layer:
        assert isinstance(gives, Signs)
        weights, affine = self._network.weights[i], self._network.affine
        runs, base = (1, 0) if isinstance(takes, Pixels) else (len(takes.words), weights.inputs)
        normal = self._network.normal(i)
        slopes = {name: affine.room(affine.gradients, i, name) for name in ("gamma", "beta")}
        if not normal:  # gamma stands still
            slopes["gamma"] = aligned((weights.room,), np.float32)
        return Layer(
            weights, self._network.statistics[i], takes, Sums(weights.room, rows, runs, base, workers), gives, normal,
            {name: affine.room(affine.values, i, name) for name in ("gamma", "beta")}, slopes,
        )  # fmt: skip

    # ------------------------------------------------------------ one step

    def forward(self, images: NDArray[np.uint8], config: RunConfig, key: Key) -> None:
        """Up to the scores."""
        self._settle(config)
        for i, layer in enumerate(self._layers):
            self._drop(i, layer, config, key)
        self._put(images)
        self.programs.forward()

    def judge(self, labels: NDArray[np.int64], loss: str) -> Judged:
        """What a loss makes of the scores, whose gradients go back from here."""
        return self._judge(labels, loss)

    def backward(self, rate: float, config: RunConfig) -> tuple[int, ...]:
        """From the gradients of the scores to new weights and gradients of gamma and beta; flips of each layer."""
        steps = self._network.steps
        for layer in self._layers:
            fans = (layer.weights.inputs, layer.weights.outputs)
            numbers = settings.rule(config, rate, steps, fans)
            layer.rule[: len(numbers)] = numbers
        self._layers[-1].sums.put_gradients(self._judge.gradients)
        self.programs.backward()
        return tuple(sum(layer.sums.flips[:, 0].tolist()) for layer in self._layers)

    @property
    def sums(self) -> list[Sums]:
        """Of each layer, with their gradients."""
        return [layer.sums for layer in self._layers]

    @property
    def images(self) -> int:
        """Of a batch."""
        return self._kind.images

    def outputs(self, index: int, rows: slice = slice(None)) -> Float32:
        """What the sign of a layer was taken of in the last step, float32 [chosen images, outputs]."""
        layer = self._layers[index]
        statistics, outputs = layer.statistics, layer.weights.outputs
        sums = layer.sums.total(slice(*rows.indices(self._kind.images))) * layer.forward[0]
        values: Float32 = (sums - statistics.mean) * statistics.factor + statistics.shift
        return values[:, :outputs]

    def _settle(self, config: RunConfig) -> None:
        """Tell the kernels what of their settings is the same until these of the run change."""
        if config is self._settled:
            return
        self._settled, last = config, len(self._layers) - 1
        for i, layer in enumerate(self._layers):
            made_up = 1 / (1 - _chance(i, config))
            numbers = settings.forward(self._kind.images, made_up)
            layer.forward[: len(numbers)] = numbers
            numbers = settings.backward(config, self._kind.images, made_up, last=i == last, normal=layer.normal)
            layer.backward[: len(numbers)] = numbers
            layer.scale[0] = made_up

    def _drop(self, i: int, layer: Layer, config: RunConfig, key: Key) -> None:
        """Draw which of a layer's inputs are dropped."""
        if not layer.normal:
            layer.statistics.factor[:] = common_scale(layer.weights.inputs)
            layer.statistics.shift[:] = layer.affine["beta"]
        if _chance(i, config):
            shape = (self._kind.images, layer.weights.inputs)
            kept = key.stream("dropout", i).random(shape, np.float32) >= _chance(i, config)
            layer.takes.keep(kept)

    def _put(self, images: NDArray[np.uint8]) -> None:
        takes, flat = self._layers[0].takes, images.reshape(len(images), -1)
        if isinstance(takes, Pixels):
            takes.put(flat)
        else:
            takes.put(flat >= SET)


def _chance(layer: int, config: RunConfig) -> float:
    """Of a layer's inputs to be dropped."""
    return config.dropout_hidden if layer else config.dropout_input
