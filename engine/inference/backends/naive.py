"""The oracle: signs unpacked to +-1, integer matrix products, comparisons. Plain and obvious, never fast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack, unpack
from engine.inference.backend import Activation, Kind, Ready
from engine.inference.network import Affine, Network, PackedNetwork, Threshold
from engine.inference.rules import check_images, check_operands, packed_only, scores_of, stages

Integers = NDArray[np.int32]


class NaiveProgram:
    """Runs a packed network one operation after the other, as their definitions read."""

    def __init__(self, network: PackedNetwork) -> None:
        self._network = network
        self._stages = [(_signs(dense.weights, dense.inputs), after) for dense, after in stages(network)]

    def scores(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scores float32 [B, classes] of u8 [B, H, W, C] or words [B, W]. Raises BadInput."""
        return next(scores_of(sums, after) for sums, after in self._sums(images) if isinstance(after, Affine))

    def activations(self, images: NDArray[np.generic]) -> list[Activation]:
        """One Activation for each hidden layer, in order. Raises BadInput."""
        hidden = [(sums, after) for sums, after in self._sums(images) if isinstance(after, Threshold)]
        return [Activation(sums, pack(_fires(sums, after))) for sums, after in hidden]

    def _sums(self, images: NDArray[np.generic]) -> Iterator[tuple[Integers, Threshold | Affine]]:
        """Each layer's sums with what follows them."""
        check_images(self._network, images)
        if self._network.source == "u8":
            values: Integers = images.reshape(len(images), self._network.metadata.inputs).astype(np.int32)
        else:
            values = _signs(images.astype(np.uint64, copy=False), self._network.metadata.inputs)
        for weights, after in self._stages:
            sums = _product(values, weights)
            yield sums, after
            if isinstance(after, Threshold):
                values = _plus_minus(_fires(sums, after))


class Naive:
    """The definition that every other backend is held against."""

    name: ClassVar[str] = "naive"
    kind: ClassVar[Kind] = "oracle"
    rank: ClassVar[int] = 0

    def probe(self) -> Ready:
        """Always ready: it needs numpy alone."""
        return Ready("CPU")

    def load(self, network: Network) -> NaiveProgram:
        """Make a packed network ready. Raises Unsupported for a float network."""
        return NaiveProgram(packed_only(network, self.name))

    def matmul(self, a: Words, w: Words, k: int) -> Integers:
        """Product of +-1 matrices: a [M, W], w [N, W] of k bits -> int32 [M, N]. Raises BadInput."""
        check_operands(a, w, k)
        return _product(_signs(a, k), _signs(w, k))


def _signs(words: Words, bits: int) -> Integers:
    return _plus_minus(unpack(words, bits))


def _plus_minus(positive: NDArray[np.bool_]) -> Integers:
    signs: Integers = positive.astype(np.int32)
    signs *= 2
    signs -= 1
    return signs


def _product(values: Integers, weights: Integers) -> Integers:
    products: Integers = np.einsum("bi,oi->bo", values, weights)
    return products


def _fires(sums: Integers, after: Threshold) -> NDArray[np.bool_]:
    return np.where(after.at_least, sums >= after.threshold, sums <= after.threshold)


BACKEND = Naive()
