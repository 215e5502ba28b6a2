"""Words at nodes as signs: one bit each, above the mean of its column or not, and one scale a node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from engine.bits import Words, pack, words_for

EPSILON = 1e-5
BLOCK = 512
"""Nodes whose bits are laid out at a time."""


@dataclass(frozen=True, eq=False)
class Bags:
    """Signs [nodes, words] of features, kept as the common row and what differs from it.

    Batch-norm of every column over all nodes, without learned scale and shift, then the sign: +1 where the feature is
    at least its column's mean. scale: the mean of what the sign was taken of, by magnitude (Wang et al. 2021, Bi-GCN).

    Attributes:
        common: float32 [words], the signs of a node that has no word.
        others: float32 CSR [nodes, words], +2 or -2 where a node's sign differs from it.
        scale: float32 [nodes].
    """

    common: NDArray[np.float32]
    others: sp.csr_array
    scale: NDArray[np.float32]

    def of(self, nodes: NDArray[np.int64]) -> Bags:
        """Those of some nodes, in their order."""
        return Bags(self.common, self.others[nodes], self.scale[nodes])

    def packed(self) -> Words:
        """uint64 [nodes, ceil(words/64)]."""
        nodes, words = self.others.shape
        made = np.empty((nodes, words_for(words)), np.uint64)
        for first in range(0, nodes, BLOCK):
            made[first : first + BLOCK] = pack(self.others[first : first + BLOCK].toarray() + self.common > 0)
        return made


def bags(features: sp.csr_array) -> Bags:
    """The signs of features [nodes, words] and their scales."""
    nodes, words = features.shape
    mean = np.asarray(features.sum(axis=0), np.float64) / nodes
    variance = np.asarray(features.multiply(features).sum(axis=0), np.float64) / nodes - mean**2
    deviation = np.sqrt(np.maximum(variance, 0) + EPSILON)
    columns, values = features.indices, features.data.astype(np.float64)
    common = np.where(mean <= 0, 1.0, -1.0)
    signs = np.where(values >= mean[columns], 1.0, -1.0)
    apart = (signs - common[columns]).astype(np.float32)
    others = sp.csr_array((apart, columns, features.indptr), shape=features.shape, copy=True)
    others.eliminate_zeros()
    gained = (np.abs(values - mean[columns]) - np.abs(mean[columns])) / deviation[columns]
    rows = sp.csr_array((gained, columns, features.indptr), shape=features.shape)
    scale = ((np.abs(mean) / deviation).sum() + np.asarray(rows.sum(axis=1))) / words
    return Bags(common.astype(np.float32), others, scale.astype(np.float32))
