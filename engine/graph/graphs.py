"""A graph with words at its nodes and a class for each, and the matrices along which its nodes hear of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from engine.errors import BadInput

Nodes = NDArray[np.int64]

MOST_NODES, MOST_EDGES, MOST_CLASSES = 100_000, 5_000_000, 64
PAIR_BYTES = 64
"""What a pair of neighbours takes on its way to an edge."""
MOST_BITS = 1 << 31
"""Nodes times words at most: a quarter of a gigabyte of bits."""


@dataclass(frozen=True, eq=False)
class Graph:
    """An undirected graph whose nodes have words, and most of them a class. Raises BadInput.

    Attributes:
        name, title: as typed, and for people.
        features: float32 CSR [nodes, words].
        edges: int32 [2, E], each once, the lower number first; no node has one to itself.
        labels: int64 [nodes], each below len(class_names), -1 where the class is not known.
        train, val, test: node numbers int64, none of them twice, all with a class; val may be empty.
    """

    name: str
    title: str
    features: sp.csr_array
    edges: NDArray[np.int32]
    labels: Nodes
    train: Nodes
    val: Nodes
    test: Nodes
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        for wrong, what, remedy in self._faults():
            if wrong:
                raise BadInput(f"The graph '{self.name}' {what}.", remedy)

    @property
    def nodes(self) -> int:
        return int(self.features.shape[0])

    @property
    def words(self) -> int:
        return int(self.features.shape[1])

    @property
    def classes(self) -> int:
        return len(self.class_names)

    def parts(self) -> dict[str, Nodes]:
        """The nodes of the split by its names."""
        return {"training": self.train, "validation": self.val, "test": self.test}

    def _faults(self) -> list[tuple[bool, str, str]]:
        """What can be wrong with a graph: (whether it is, what, what to do), to be read in this order."""
        nodes, edges, split = self.nodes, self.edges, np.concatenate([self.train, self.val, self.test])
        outside = bool(edges.size and not 0 <= edges.min() <= edges.max() < nodes)
        strays = bool(split.size and not 0 <= split.min() <= split.max() < nodes)
        known = self.labels[split] if not strays and len(self.labels) == nodes else split
        features = self.features.data
        return [
            (not 2 <= nodes <= MOST_NODES, f"has {nodes:,} nodes", f"Give 2 to {MOST_NODES:,}."),
            (nodes * self.words > MOST_BITS, f"has {self.words:,} words a node", f"Give {MOST_BITS // nodes:,}."),
            (self.words < 1, "has no words at its nodes", "Give one at least, as who a node is."),
            (not np.isfinite(features).all(), "has words that are no numbers", "Leave those out."),
            (edges.shape[1] > MOST_EDGES, f"has {edges.shape[1]:,} edges", f"Give {MOST_EDGES:,} at most."),
            (outside, "has edges to nodes that it has not", "Number nodes from 0."),
            (len(self.labels) != nodes, f"has {len(self.labels):,} labels for {nodes:,} nodes", "Give one each."),
            (not 2 <= self.classes <= MOST_CLASSES, f"has {self.classes} classes", f"Give 2 to {MOST_CLASSES}."),
            (bool((self.labels >= self.classes).any()), "has a label that names no class", "Check the labels."),
            (strays, "has a split with nodes that it has not", "Number nodes from 0."),
            (not self.train.size or not self.test.size, "has no training or no test nodes", "Give some of each."),
            (len(np.unique(split)) != len(split), "has a node twice in its split", "Give each to one part."),
            (bool((known < 0).any()), "has a node in its split without a class", "Leave it out of the split."),
        ]


def undirected(pairs: NDArray[np.int64]) -> NDArray[np.int32]:
    """Edges as Graph has them, of pairs [2, M] in any direction, some twice, some of a node with itself.

    Raises ValueError.
    """
    if pairs.ndim != 2 or len(pairs) != 2:
        raise ValueError(f"edges {pairs.shape}, not [2, M]")
    if pairs.size and not 0 <= pairs.min() <= pairs.max() < MOST_NODES:
        raise ValueError("edges between numbers that are none of a node")
    low, high = np.minimum(*pairs), np.maximum(*pairs)
    return np.ascontiguousarray(np.unique(np.stack([low, high])[:, low != high], axis=1).astype(np.int32))


def sparse(data: NDArray[Any], indices: NDArray[Any], indptr: NDArray[Any], shape: tuple[int, int]) -> sp.csr_array:
    """Float32 CSR of parts that nobody vouches for, each place once. Raises ValueError where they are not CSR's."""
    if np.diff(indptr.astype(np.int64)).min(initial=0) < 0:  # SciPy looks for that only where the last is above 0
        raise ValueError("rows that end before they begin")
    matrix = sp.csr_array((data.astype(np.float32), indices, indptr), shape=shape)
    matrix.check_format(full_check=True)
    matrix.sum_duplicates()
    return matrix


def adjacency(graph: Graph) -> sp.csr_array:
    """A float32 [nodes, nodes]: 1 where there is an edge, both ways."""
    rows, columns = np.concatenate([graph.edges, graph.edges[::-1]], axis=1)
    ones = np.ones(rows.size, np.float32)
    return sp.csr_array((ones, (rows, columns)), shape=(graph.nodes, graph.nodes))


def normalised(graph: Graph) -> sp.csr_array:
    """D^-1/2 (A + I) D^-1/2, D the degrees with the loops (Kipf and Welling 2017, arXiv 1609.02907, equation 2)."""
    looped = adjacency(graph) + sp.eye_array(graph.nodes, dtype=np.float32, format="csr")
    inverse = sp.diags_array(1 / np.sqrt(looped.sum(axis=1), dtype=np.float32))
    return _sorted(inverse @ looped @ inverse)


def neighbour_mean(graph: Graph) -> sp.csr_array:
    """D^-1 A: the mean over a node's neighbours, 0 for one that has none (Hamilton et al. 2017, arXiv 1706.02216)."""
    among = adjacency(graph)
    degrees = among.sum(axis=1)
    return _sorted(sp.diags_array((1 / np.maximum(degrees, 1)).astype(np.float32)) @ among)


def _sorted(matrix: sp.sparray) -> sp.csr_array:
    """In one order of its entries, so that sums along it come out the same to the last bit."""
    rows = sp.csr_array(matrix).astype(np.float32)
    rows.sort_indices()
    return rows
