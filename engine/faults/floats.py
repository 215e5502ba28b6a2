"""Float networks in faulty memory: weights as float32 words, or quantized to int8 with one scale an output."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.faults.masks import Cells, bits_at, flip_bits
from engine.faults.memories import NO_ANSWER, Answers, Images
from engine.inference.backends.float_blas import FloatProgram
from engine.inference.network import FloatNetwork

INT8 = 127
"""The largest magnitude that is stored: the code is symmetric."""


class Float32Memory:
    """32 cells a weight: the word of its float32. A broken word may be huge, infinite or no number at all."""

    def __init__(self, network: FloatNetwork, images: Images) -> None:
        self._network, self._images = network, images
        self._sound = [layer.weight for layer in network.operations]
        self._weights = [weight.copy() for weight in self._sound]
        self._program = FloatProgram(_with_weights(network, self._weights))
        self.cells = [32 * weight.size for weight in self._sound]

    def stored(self, layer: int, cells: Cells) -> NDArray[np.bool_]:
        return bits_at(self._sound[layer].view(np.uint32), cells)

    def flip(self, layer: int, cells: Cells) -> None:
        flip_bits(self._weights[layer].view(np.uint32), cells)

    def restore(self) -> None:
        for weight, sound in zip(self._weights, self._sound, strict=True):
            weight[...] = sound

    def answers(self, which: slice) -> Answers:
        images = self._images[which]
        if any(np.isnan(weight).any() for weight in self._weights):
            # every sum that it is in is no number, whatever it is multiplied with, and so is one score at least
            return np.full(len(images), NO_ANSWER)
        return answered(self._program, images)

    def another(self) -> Self:
        return type(self)(self._network, self._images)


class Int8Memory:
    """8 cells a weight: an int8 times its output's scale, which is kept safe; activations stay float32."""

    def __init__(self, network: FloatNetwork, images: Images) -> None:
        self._network, self._images = network, images
        coded = [_quantized(layer.weight) for layer in network.operations]
        self._sound, self._scales = [codes for codes, _ in coded], [scale for _, scale in coded]
        self._weights = [codes * scale for codes, scale in coded]
        self._program = FloatProgram(_with_weights(network, self._weights))
        self.cells = [8 * codes.size for codes in self._sound]

    def stored(self, layer: int, cells: Cells) -> NDArray[np.bool_]:
        return bits_at(self._sound[layer].view(np.uint8), cells)

    def flip(self, layer: int, cells: Cells) -> None:
        codes = self._sound[layer].copy()
        flip_bits(codes.view(np.uint8), cells)
        self._weights[layer][...] = codes * self._scales[layer]

    def restore(self) -> None:
        for weight, codes, scale in zip(self._weights, self._sound, self._scales, strict=True):
            weight[...] = codes * scale

    def answers(self, which: slice) -> Answers:
        return answered(self._program, self._images[which])

    def another(self) -> Self:
        return type(self)(self._network, self._images)


def answered(program: FloatProgram, images: Images) -> Answers:
    """The class of each image; infinities compare as they do, what is no number among the scores leaves no answer."""
    with np.errstate(over="ignore", invalid="ignore"):
        scores = program.scores(images)
    return np.where(np.isnan(scores).any(1), NO_ANSWER, scores.argmax(1))


def _quantized(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Codes int8 and scales float32 [outputs, 1, …], so that the largest weight of each output is +-127."""
    largest = np.abs(weight).max(axis=tuple(range(1, weight.ndim)), keepdims=True)
    scale = np.where(largest > 0, largest / np.float32(INT8), np.float32(1))
    return np.rint(weight / scale).astype(np.int8), scale


def _with_weights(network: FloatNetwork, weights: list[NDArray[np.float32]]) -> FloatNetwork:
    layers = zip(network.operations, weights, strict=True)
    return replace(network, operations=tuple(replace(layer, weight=weight) for layer, weight in layers))
