"""Failing cells: at the exact rate, independent, and found by the same law as asking every cell by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bits import pack, unpack
from engine.errors import BadInput
from engine.faults.masks import failing, flipped
from engine.streams import stream

RATES = (1e-4, 0.003, 0.05, 0.3, 0.5, 0.7, 0.99)


def asked_one_by_one(rng, cells, rate):
    """The slow definition: every cell fails by itself."""
    return np.array([cell for cell in range(cells) if rng.random() < rate], np.int64)


def z_scores(counts, draws, rate):
    return (np.asarray(counts) - draws * rate) / np.sqrt(draws * rate * (1 - rate))


@pytest.mark.parametrize("rate", RATES)
def test_every_cell_fails_at_the_rate_and_no_cell_knows_of_its_neighbour(rate):
    cells, draws = 40, 4000
    drawn = np.zeros((draws, cells), bool)
    for draw in range(draws):
        drawn[draw, failing(stream("test", draw), cells, rate)] = True
    assert np.abs(z_scores(drawn.sum(0), draws, rate)).max() < 4.5
    both = (drawn[:, 1:] & drawn[:, :-1]).sum()
    assert abs(z_scores(both, draws * (cells - 1), rate**2)) < 4.5


@pytest.mark.parametrize("rate", [0.02, 0.4, 0.8])
def test_the_number_of_failures_is_spread_as_by_the_slow_definition(rate):
    cells, draws = 60, 3000
    quick = [len(failing(stream("quick", draw), cells, rate)) for draw in range(draws)]
    slow = [len(asked_one_by_one(stream("slow", draw), cells, rate)) for draw in range(draws)]
    levels = np.arange(cells + 1)
    apart = np.abs(np.searchsorted(np.sort(quick), levels, "right") - np.searchsorted(np.sort(slow), levels, "right"))
    assert apart.max() / draws < 1.95 * np.sqrt(2 / draws)  # Kolmogorov and Smirnov, one in a thousand


def test_a_rate_of_one_in_a_million_is_met_over_many_cells():
    counts = [len(failing(stream("rare", draw), 10_000_000, 1e-6)) for draw in range(100)]
    assert abs(z_scores(sum(counts), 10**9, 1e-6)) < 4.5


@given(cells=st.integers(0, 3000), rate=st.floats(0, 1), seed=st.integers(0, 99))
def test_cells_are_ascending_unique_and_within(cells, rate, seed):
    found = failing(stream("test", seed), cells, rate)
    assert found.dtype == np.int64
    assert np.all(np.diff(found) > 0)
    assert not found.size or (found[0] >= 0 and found[-1] < cells)


@pytest.mark.parametrize(("rate", "count"), [(0.0, 0), (1.0, 77), (1e-300, 0)])
def test_the_ends_are_exact(rate, count):
    assert len(failing(stream("test"), 77, rate)) == count


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(rate):
    with pytest.raises(BadInput, match="probability"):
        failing(stream("test"), 10, rate)


@given(rows=st.integers(1, 5), bits=st.integers(1, 200), rate=st.floats(0, 1), seed=st.integers(0, 99))
def test_flipped_words_differ_in_those_cells_alone(rows, bits, rate, seed):
    rng = np.random.default_rng(seed)
    signs = rng.random((rows, bits)) < 0.5
    cells = failing(rng, rows * bits, rate)
    expected = signs.reshape(-1).copy()
    expected[cells] ^= True
    found = flipped(pack(signs), bits, cells)
    assert np.array_equal(unpack(found, bits), expected.reshape(rows, bits))
    assert np.array_equal(found, pack(expected.reshape(rows, bits)))  # padding stays 0
