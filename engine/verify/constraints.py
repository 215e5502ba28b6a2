"""A packed network as cardinality constraints: every neuron, and every "class i beats class j", counts literals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.bits import unpack
from engine.errors import Unsupported
from engine.inference.network import Affine, Dense, PackedNetwork, Threshold
from engine.inference.rules import Stage, stages, value_of

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class AtLeast:
    """Holds where at least `need` of its literals do: always for need <= 0, never for need > len(places).

    places: int64 [n], which values the literals are of, ascending. positive: bool [n], whether a literal is the
    value itself or its negation.
    """

    places: NDArray[np.int64]
    positive: Bits
    need: int

    def holds(self, values: Bits) -> Bits:
        """For values bool [B, inputs], whether it holds: bool [B]."""
        met: Bits = np.count_nonzero(values[:, self.places] == self.positive, axis=1) >= self.need
        return met


@dataclass(frozen=True)
class Constraints:
    """A network of dense layers on bits.

    blocks: for each hidden layer the constraint of each of its neurons on the values before it; a neuron is +1 where
    its constraint holds.
    """

    inputs: int
    blocks: tuple[tuple[AtLeast, ...], ...]
    output: Dense
    affine: Affine

    @property
    def classes(self) -> int:
        return self.output.outputs

    def label(self, values: Bits) -> int:
        """The class of one input bool [inputs]."""
        for block in self.blocks:
            values = np.array([bool(neuron.holds(values[np.newaxis])[0]) for neuron in block])
        sums = np.where(self._signs == values, 1, -1).sum(axis=1).astype(np.int32)
        return int(value_of(sums, self.affine, None).argmax())

    @cached_property
    def _signs(self) -> Bits:
        return unpack(self.output.weights, self.output.inputs)

    def beats(self, first: int, second: int) -> AtLeast:
        """When one class is preferred to another, by its higher score, or at equal scores by its lower index.

        Only inputs where the two rows differ count. The scores are float32, so that rounding could make the others
        matter as well: every pair of sums that can occur is looked at. Raises Unsupported where they do.
        """
        if not self.affine.bias_only:
            raise Unsupported(
                "Which class wins is no count of literals here, since its classes have scales of their own.",
                "Use enumeration, or train with output=bias.",
            )
        ours, theirs = self._signs[first], self._signs[second]
        differ = np.flatnonzero(ours != theirs)
        wins = self._wins(first, second, len(differ))
        if np.any(wins != wins[0]) or np.any(wins[0, :-1] & ~wins[0, 1:]):
            raise Unsupported(
                "Which class wins is no count of literals here, since two biases differ by a whole number of sums and "
                "rounding decides.",
                "Use enumeration.",
            )
        return AtLeast(differ, ours[differ], int(np.count_nonzero(~wins[0])))

    def _wins(self, first: int, second: int, differ: int) -> Bits:
        """Who wins, bool [A + 1, D + 1], with so many of the A agreeing and of the D differing literals met."""
        agree = self.output.inputs - differ
        common, apart = np.ogrid[-agree : agree + 1 : 2, -differ : differ + 1 : 2]
        sums = np.stack([common + apart, common - apart], axis=-1).astype(np.int32)
        pair = [first, second]
        scores = value_of(sums, Affine(self.affine.scale[pair], self.affine.shift[pair]), None)
        won: Bits = scores[..., 0] >= scores[..., 1] if first < second else scores[..., 0] > scores[..., 1]
        return won


def constraints(network: PackedNetwork) -> Constraints:
    """A network of dense layers on bits as constraints. Raises Unsupported for any other."""
    *hidden, last = stages(network)
    if network.source != "bits" or not all(_plain(stage) for stage in hidden):
        raise Unsupported("Only networks of dense layers on bits can be verified.", "Use one of the verify recipes.")
    product, affine = last.product, last.after
    if not isinstance(product, Dense) or not isinstance(affine, Affine):
        raise Unsupported("Only networks of dense layers on bits can be verified.", "Use one of the verify recipes.")
    return Constraints(network.metadata.inputs, tuple(map(_block, hidden)), product, affine)


def _plain(stage: Stage) -> bool:
    return isinstance(stage.product, Dense) and isinstance(stage.after, Threshold)


def _block(stage: Stage) -> tuple[AtLeast, ...]:
    """The sum is 2 * matches - n, so that sum >= t where matches >= (n + t) / 2, rounded up.

    A sum at or below t leaves at least n - floor((n + t) / 2) of the negated literals.
    """
    assert isinstance(stage.product, Dense)
    assert isinstance(stage.after, Threshold)
    n = stage.product.inputs
    places = np.arange(n)
    block = []
    rows = zip(unpack(stage.product.weights, n), stage.after.threshold, stage.after.at_least, strict=True)
    for signs, threshold, at_least in rows:
        reach = n + int(threshold)
        need = -(-reach // 2) if at_least else n - reach // 2
        block.append(AtLeast(places, signs if at_least else ~signs, need))
    return tuple(block)
