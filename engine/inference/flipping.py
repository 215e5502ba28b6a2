"""A packed network in native code whose stored weights are flipped in place, over images that stay the same.

It runs in parts between which nothing but signs passes. What the sound network makes of the images is kept from part
to part, so that a network whose first layers are sound is run from the first one that is not.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.bits import words_for
from engine.inference.backends.cpu_xnor import Batches, Scores
from engine.inference.lowering import Constants, Lowering
from engine.inference.network import Affine, Conv, Dense, PackedNetwork, Shortcut, Source, Threshold
from engine.inference.rules import Stage, check_images, stages
from engine.jit.target import host

KEPT = 1 << 28
"""Bytes of signs between parts, of all images, at most; a network with more is run in one."""

Values = NDArray[np.generic]


class FlippingProgram:
    """The scores of given images by a network whose weights can be flipped between two calls."""

    def __init__(self, network: PackedNetwork, images: Values) -> None:
        """images: u8 [B, H, W, C] or words. Raises BadInput; FlipscopeError where no variant of the kernels runs."""
        check_images(network, images)
        self._network = network
        self._parts = _parts(network, len(images))
        self._given = [images]
        """What each part takes where all before it are sound, and at last the scores."""
        for part in self._parts:
            self._given.append(part(self._given[-1]))

    def another(self) -> FlippingProgram:
        """One with weights of its own, for another thread; none of them flipped."""
        made = copy.copy(self)
        made._parts = _parts(self._network, len(self._given[0]))
        return made

    def flip(self, layer: int, cells: NDArray[np.int64]) -> None:
        """Flip weights of a layer, by their number row by row, each at most once."""
        for part in self._parts:
            if layer < part.layers:
                part.flip(layer, cells)
                return
            layer -= part.layers

    def restore(self) -> None:
        """Undo every flip."""
        for part in self._parts:
            part.restore()

    def scores(self, which: slice) -> Scores:
        """Scores float32 [B, classes] of some of the images."""
        first = next((index for index, part in enumerate(self._parts) if part.flipped), len(self._parts))
        values = self._given[first][which]
        for part in self._parts[first:]:
            values = part(values)
        scores: Scores = values.astype(np.float32, copy=False)
        return scores


class _Part:
    """Layers that are run together."""

    def __init__(self, chain: Sequence[Stage], source: Source) -> None:
        self._constants = Constants()
        lowering = Lowering(chain, source, host(), self._constants, narrow=False)
        self._batches, self._kept = Batches(lowering), lowering.kept
        self._sound = [kept.rows.copy() for kept in self._kept]
        self._last = chain[-1]
        self.layers = len(chain)
        self.flipped = set[int]()

    def __call__(self, values: Values) -> Values:
        """What these layers make of a batch: signs as the next layer takes them, or scores."""
        made = np.zeros((len(values), *_shape(self._last)), np.float32 if self._last.last else np.uint64)
        self._batches.fill(values, made)  # octets beyond the outputs stay 0
        return made

    def flip(self, layer: int, cells: NDArray[np.int64]) -> None:
        if cells.size:
            self._kept[layer].flip(cells)
            self.flipped.add(layer)

    def restore(self) -> None:
        for layer in self.flipped:
            self._kept[layer].rows[...] = self._sound[layer]
        self.flipped.clear()


def _parts(network: PackedNetwork, images: int) -> list[_Part]:
    chain = list(stages(network))
    starts = [0, *_cuts(chain)]
    signs = sum(8 * images * int(np.prod(_shape(chain[start - 1]))) for start in starts[1:])
    if signs > KEPT:
        starts = [0]
    stops = [*starts[1:], len(chain)]
    return [
        _Part(chain[start:stop], "bits" if start else network.source) for start, stop in zip(starts, stops, strict=True)
    ]


def _cuts(chain: Sequence[Stage]) -> Iterator[int]:
    """The layers that take the signs of a threshold alone, as the layer before packs them."""
    for index, (before, stage) in enumerate(pairwise(chain), 1):
        value = next((each.after for each in chain[index:] if isinstance(each.after, Affine)), None)
        alone = isinstance(before.after, Threshold) and not isinstance(value, Shortcut)
        if alone and (isinstance(stage.product, Conv) or isinstance(before.product, Dense)):
            yield index


def _shape(stage: Stage) -> tuple[int, ...]:
    """Of what a stage gives of one image: scores, or words of signs."""
    return stage.gives if stage.last else (*stage.gives[:-1], words_for(stage.gives[-1]))
