"""A network that wears: the same bits at a rate, more of them at a higher one, and what is told of it."""

import numpy as np
import pytest

from engine.bits import unpack
from engine.errors import BadInput
from engine.faults import wear
from engine.faults.masks import nested
from engine.messages import Wear
from engine.streams import stream
from tests.faults.test_masks import z_scores
from tests.faults.test_memories import BUILT, weight_signs


def test_cells_that_fail_at_a_rate_fail_at_every_higher_one():
    before = np.empty(0, np.int64)
    for rate in (0.0, 1e-4, 0.01, 0.2, 0.5, 1.0):
        cells = nested(stream("test"), 100_000, rate)
        assert np.isin(before, cells).all()
        assert rate in (0.0, 1.0) or abs(z_scores(len(cells), 100_000, rate)) < 5
        before = cells
    assert before.size == 100_000


@pytest.mark.parametrize("kind", BUILT)
def test_what_is_told_is_what_is_broken(kind):
    network = BUILT[kind](np.random.default_rng(1))
    cells = wear.cells(network, 0.1)
    for layer, product in enumerate(network.layers()):
        told = wear.told(Wear("a", 0.1, layer), network)
        assert told.counts == tuple(
            (len(c), p.outputs * p.inputs) for c, p in zip(cells, network.layers(), strict=True)
        )
        flips = unpack(told.broken, product.inputs).reshape(-1)
        assert np.array_equal(np.flatnonzero(flips), cells[layer])
        assert np.array_equal(unpack(told.weights, product.inputs).reshape(-1), weight_signs(product))
        assert np.prod(told.shape) == product.inputs


def test_a_layer_that_is_not_there_is_refused():
    network = BUILT["dense"](np.random.default_rng(1))
    with pytest.raises(BadInput, match="no layer 9"):
        wear.told(Wear("a", 0.1, 8), network)
