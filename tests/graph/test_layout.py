"""Places for nodes: the push against all pairs, and that neighbours come near each other."""

from itertools import islice

import numpy as np

from engine.graph import karate
from engine.graph.layout import CELLS, STEPS, _push, layout
from tests.graph import made


def test_the_push_is_that_of_all_pairs_where_nodes_are_cells_apart():
    rng = np.random.default_rng(0)
    places = rng.permutation(np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, 12)]), -1).reshape(-1, 2))
    places += rng.normal(0, 0.01, places.shape)
    away = places[:, None] - places
    square = (away**2).sum(-1)
    np.fill_diagonal(square, 1)
    exact = (away / square[..., None]).sum(1)
    assert 10 * 2 / CELLS < 2 / 12
    np.testing.assert_allclose(_push(places), exact, atol=0.03 * np.abs(exact).max())


def test_neighbours_come_near_and_everybody_is_in_sight():
    club = karate.load()
    *steps, last = layout(club)
    assert len(steps) == STEPS - 1
    far = np.linalg.norm(last[:, None] - last, axis=-1)
    linked = far[club.edges[0], club.edges[1]].mean()
    assert linked < 0.8 * far[np.triu_indices(club.nodes, 1)].mean()
    assert np.abs(last).max() == 1
    assert last.dtype == np.float32
    assert np.unique(last, axis=0).shape == last.shape


def test_a_layout_is_repeated_and_needs_no_edges():
    graph = made.small()
    lone = made.replace(graph, edges=graph.edges[:, :0])
    for one in (graph, lone):
        first, again = (list(islice(layout(one, seed=3), 10)) for _ in range(2))
        assert np.isfinite(first[-1]).all()
        np.testing.assert_array_equal(first[-1], again[-1])
