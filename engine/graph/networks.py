"""Graph networks as they are deployed, without torch: products of bits by a backend, aggregation in float over CSR.

A layer multiplies every node's inputs by its weights and adds up along the graph what its neighbours got:
GCN: Â(H W) + b; GraphSAGE (mean): mean(H W_neighbours) + H W_own + b. Aggregating products is aggregating inputs, so
that inputs stay bits where they multiply.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from engine.bits import Words, pack
from engine.graph.bags import Bags, bags
from engine.graph.graphs import Graph, neighbour_mean, normalised
from engine.inference.backend import Backend, Multiplier

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Inputs:
    """What networks are given of a graph. Computed once.

    Attributes:
        matrix: float32 CSR [nodes, nodes], how nodes hear of each other.
        own: a node hears of itself by weights of its own (GraphSAGE), and not by the matrix (GCN).
        words: float32 CSR [nodes, words], rows of sum 1; for float networks.
        signs: the words as signs, and a scale a node; bits: those packed, uint64 [nodes, …]. For binarized networks.
    """

    matrix: sp.csr_array
    own: bool
    words: sp.csr_array
    signs: Bags
    bits: Words


def inputs(graph: Graph, *, sage: bool) -> Inputs:
    """What GCN, or GraphSAGE, takes of a graph."""
    signs = bags(graph.features)
    matrix = neighbour_mean(graph) if sage else normalised(graph)
    return Inputs(matrix, sage, per_node(graph.features), signs, signs.packed())


def per_node(features: sp.csr_array) -> sp.csr_array:
    """Features with rows that sum to 1, or are empty."""
    sums = np.abs(features).sum(axis=1)
    return sp.csr_array(sp.diags_array((1 / np.where(sums > 0, sums, 1)).astype(np.float32)) @ features)


def gathered(matrix: sp.csr_array, products: Values, own: Values | None) -> Values:
    """What nodes hear: products [nodes, outputs] of the others along the matrix, and of their own where there are."""
    heard: Values = matrix @ products
    return heard if own is None else heard + own


@dataclass(frozen=True, eq=False)
class BitLayer:
    """One layer's weights as bits, and what its integer sums are multiplied by.

    Attributes:
        weights: uint64 [rows, words] of `fan` bits; of GraphSAGE those for neighbours first, then as many for the node.
        gains: float32 [rows], of each row of weights.
        factor, shift: float32 [outputs], after aggregation: batch-norm, or 1 and the bias.
    """

    weights: Words
    fan: int
    gains: Values
    factor: Values
    shift: Values


@dataclass(frozen=True, eq=False)
class BitNetwork:
    """Two binarized layers: bits in, a code of one bit a hidden unit, scores out.

    scaled: nodes have scales too, the mean magnitude of what their signs were taken of (Bi-GCN); else signs alone.
    """

    hidden: BitLayer
    output: BitLayer
    scaled: bool

    @property
    def bytes(self) -> int:
        """What it takes to keep it."""
        kept = [(one.weights, one.gains, one.factor, one.shift) for one in (self.hidden, self.output)]
        return sum(array.nbytes for layer in kept for array in layer)

    def program(self, backend: Backend) -> BitProgram:
        """The network made ready by an XNOR backend."""
        return BitProgram(self, backend)


class BitProgram:
    """A BitNetwork whose weights one backend has laid out."""

    def __init__(self, network: BitNetwork, backend: Backend) -> None:
        self.network = network
        self._products = {
            layer: backend.multiplier(layer.weights, layer.fan) for layer in (network.hidden, network.output)
        }

    def before_sign(self, given: Inputs) -> Values:
        """What the code's signs are taken of, float32 [nodes, hidden]."""
        layer = self.network.hidden
        scale = given.signs.scale if self.network.scaled else None
        return _layer(layer, self._products[layer], given, given.bits, scale)

    def run(self, given: Inputs) -> tuple[Words, Values]:
        """Codes uint64 [nodes, …] and scores float32 [nodes, classes]."""
        values = self.before_sign(given)
        scale = np.abs(values).mean(axis=1) if self.network.scaled else None
        code, layer = pack(values >= 0), self.network.output
        return code, _layer(layer, self._products[layer], given, code, scale)


def _layer(layer: BitLayer, multiply: Multiplier, given: Inputs, bits: Words, scale: Values | None) -> Values:
    products = multiply(bits).astype(np.float32) * layer.gains
    if scale is not None:
        products *= scale[:, np.newaxis]
    outputs = layer.factor.size
    own = products[:, outputs:] if given.own else None
    heard = gathered(given.matrix, np.ascontiguousarray(products[:, :outputs]), own)
    return heard * layer.factor + layer.shift


@dataclass(frozen=True, eq=False)
class FloatLayer:
    """weights: float32 [inputs, rows], rows as in BitLayer; shift: float32 [outputs]."""

    weights: Values
    shift: Values


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """The same two layers in float32, ReLU between them."""

    hidden: FloatLayer
    output: FloatLayer

    @property
    def bytes(self) -> int:
        """What it takes to keep it."""
        return sum(one.weights.nbytes + one.shift.nbytes for one in (self.hidden, self.output))

    def run(self, given: Inputs, words: sp.csr_array | Values | None = None) -> tuple[Values, Values]:
        """Embeddings float32 [nodes, hidden] and scores [nodes, classes]. words: in another form than given.words."""
        before = _float_layer(self.hidden, given, given.words if words is None else words)
        embedded = np.maximum(before, 0)
        return embedded, _float_layer(self.output, given, embedded)


def _float_layer(layer: FloatLayer, given: Inputs, words: sp.csr_array | Values) -> Values:
    products = words @ layer.weights
    outputs = layer.shift.size
    own = products[:, outputs:] if given.own else None
    return gathered(given.matrix, np.ascontiguousarray(products[:, :outputs]), own) + layer.shift
