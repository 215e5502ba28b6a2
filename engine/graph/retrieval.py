"""How good codes are to find nodes of the same class by: the precision of the nearest ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words
from engine.graph.graphs import Graph, Nodes
from engine.graph.networks import Values
from engine.inference.backend import Backend

NEAREST = 10
BLOCK = 256
"""Nodes whose likenesses to all others are in memory together."""

Likeness = Callable[[Nodes], NDArray[np.generic]]
"""Of nodes [n] to all nodes: [n, nodes], the larger the nearer."""


def hamming(codes: Words, bits: int, backend: Backend) -> Likeness:
    """By the bits that two codes have in common, through a backend's product of signs."""
    multiply = backend.multiplier(codes, bits)
    return lambda nodes: multiply(np.ascontiguousarray(codes[nodes]))


def cosine(values: Values) -> Likeness:
    """By the angle between rows of float32; a row of zeros is at right angles to everything."""
    rows = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), np.float32(1e-12))
    return lambda nodes: rows[nodes] @ rows.T


def precision(graph: Graph, likeness: Likeness, nearest: int = NEAREST) -> float:
    """Of the nearest others of each test node, the share that are of its class: the mean, 0..1.

    Codes are often equally near: of those at the edge of the nearest it counts what is expected of a draw among them.
    Nodes without a class are not among the others.
    """
    shares = [share for block in _blocks(graph.test) for share in _precisions(graph, likeness(block), block, nearest)]
    return float(np.mean(shares))


def _blocks(nodes: Nodes) -> Iterator[Nodes]:
    for first in range(0, nodes.size, BLOCK):
        yield nodes[first : first + BLOCK]


def _precisions(graph: Graph, alike: NDArray[np.generic], nodes: Nodes, nearest: int) -> Iterator[float]:
    for row, node in zip(alike, nodes, strict=True):
        others = graph.labels >= 0
        others[node] = False
        near, same = row[others], graph.labels[others] == graph.labels[node]
        wanted = min(nearest, near.size)
        edge = np.partition(near, near.size - wanted)[near.size - wanted]
        above, at = near > edge, near == edge
        drawn = (wanted - np.count_nonzero(above)) * same[at].mean()
        yield float((np.count_nonzero(same[above]) + drawn) / wanted)
