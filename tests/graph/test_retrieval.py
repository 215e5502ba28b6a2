"""Retrieval by the nearest codes against plain counting, ties included."""

from itertools import combinations

import numpy as np
import pytest

from engine.bits import pack
from engine.graph import retrieval
from engine.inference.backend import best
from tests.graph import made


def by_hand(graph, alike, nearest):
    """The mean over every way to break the ties at the edge."""
    shares = []
    for node in graph.test:
        others = [i for i in range(graph.nodes) if i != node]
        edge = sorted((alike[node, i] for i in others), reverse=True)[nearest - 1]
        sure = [i for i in others if alike[node, i] > edge]
        tied = [i for i in others if alike[node, i] == edge]
        ways = [[*sure, *drawn] for drawn in combinations(tied, nearest - len(sure))]
        shares.append(np.mean([np.mean(graph.labels[way] == graph.labels[node]) for way in ways]))
    return np.mean(shares)


def test_hamming_with_ties():
    graph = made.small(2, nodes=24)
    bits = np.random.default_rng(0).random((24, 5)) < 0.5
    signs = 2 * bits.astype(int) - 1
    found = retrieval.precision(graph, retrieval.hamming(pack(bits), 5, best("xnor")), nearest=3)
    assert found == pytest.approx(by_hand(graph, signs @ signs.T, 3))


def test_cosine_and_nodes_without_a_class():
    graph = made.small(4, nodes=24)
    values = np.random.default_rng(1).random((24, 6)).astype(np.float32)
    alike = values @ values.T / np.linalg.norm(values, axis=1) / np.linalg.norm(values, axis=1)[:, None]
    assert retrieval.precision(graph, retrieval.cosine(values), 3) == pytest.approx(by_hand(graph, alike, 3))
    unknown = graph.labels.copy()
    unknown[8] = -1
    without = made.replace(graph, labels=unknown, val=np.setdiff1d(graph.val, [8]))
    alike[:, 8] = -2
    assert retrieval.precision(without, retrieval.cosine(values), 3) == pytest.approx(by_hand(graph, alike, 3))
