"""Places for nodes on a plane: springs along edges, and a push from everybody else, by way of a grid.

T. Fruchterman and E. Reingold, "Graph Drawing by Force-directed Placement", 1991; the push of many bodies as
particle-mesh codes find it: nodes are spread over a grid, whose convolution with the law of one push is a product of
Fourier transforms. So a step takes milliseconds for thousands of nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import scipy.fft
import scipy.sparse as sp
from numpy.typing import NDArray

from engine.graph.graphs import Graph, normalised
from engine.streams import stream

Places = NDArray[np.float32]
"""[nodes, 2], within +-1."""
Vectors = NDArray[np.float64]

STEPS = 150
CELLS = 256
"""Of the grid, along each side."""
SMOOTHINGS = 16
"""How often first places, drawn at random, become what their neighbours' were: near in the graph is near then."""
AREA = 4.0
"""Of the square that the nodes are to fill."""
GRAVITY = 2.5
"""What keeps parts that no edge holds from drifting away: 4 would hold all nodes in a disc of radius 1."""
FARTHEST = 0.15
"""The longest move of the first step; the last one makes none."""


def layout(graph: Graph, seed: int = 0) -> Iterator[Places]:
    """Places after every step, STEPS times; the last ones are the layout."""
    places = _first(graph, seed)
    apart = np.sqrt(AREA / graph.nodes)
    ends = _ends(graph)
    for step in range(STEPS):
        along = ends.T @ places
        pull = ends @ (along * np.linalg.norm(along, axis=1, keepdims=True))
        force = apart**2 * _push(places) - pull / apart - GRAVITY * places
        size = np.maximum(np.linalg.norm(force, axis=1, keepdims=True), 1e-12)
        places = places + force * np.minimum(1.0, FARTHEST * (1 - step / STEPS) / size)
        yield (places / np.abs(places).max()).astype(np.float32)


def _first(graph: Graph, seed: int) -> Vectors:
    rng, heard = stream("layout", seed), normalised(graph)
    places: Vectors = rng.standard_normal((graph.nodes, 2))
    for _ in range(SMOOTHINGS):
        places = heard @ places
    places /= places.std()
    places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1)  # small parts start no farther out
    return places + rng.normal(0, 0.1, places.shape)


def _ends(graph: Graph) -> sp.csr_array:
    """float64 [nodes, edges]: +1 where an edge begins, -1 where it ends."""
    first, second = graph.edges
    count = first.size
    signs, columns = np.repeat([1.0, -1.0], count), np.tile(np.arange(count), 2)
    return sp.csr_array((signs, (np.concatenate([first, second]), columns)), shape=(graph.nodes, count))


def _push(places: Vectors) -> Vectors:
    """The sum of (x - y) / |x - y|^2 over all other nodes y, for every node x; within a cell of the grid it is soft."""
    low = places.min(axis=0)
    cell = max(float((places.max(axis=0) - low).max()), 1e-9) / (CELLS - 2)
    at = (places - low) / cell
    corner = at.astype(np.int64)
    part = at - corner
    crowd = np.zeros(CELLS * CELLS)
    shares: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
    for down in (0, 1):
        for right in (0, 1):
            where = (corner[:, 0] + down) * CELLS + corner[:, 1] + right
            share = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1])
            crowd += np.bincount(where, share, CELLS * CELLS)
            shares.append((where, share))
    spectrum = scipy.fft.rfft2(crowd.reshape(CELLS, CELLS).astype(np.float32), s=(2 * CELLS, 2 * CELLS))
    field = [scipy.fft.irfft2(spectrum * law)[:CELLS, :CELLS].ravel() for law in _laws()]
    return np.stack([sum(one[where] * share for where, share in shares) for one in field], axis=1) / cell


@cache
def _laws() -> tuple[NDArray[Any], NDArray[Any]]:
    """The transforms of one node's push on others, cells apart: down and right."""
    steps = np.fft.fftfreq(2 * CELLS, 1 / (2 * CELLS)).astype(np.float32)
    down, right = np.meshgrid(steps, steps, indexing="ij")
    square = np.maximum(down**2 + right**2, 1)
    return scipy.fft.rfft2(down / square), scipy.fft.rfft2(right / square)
