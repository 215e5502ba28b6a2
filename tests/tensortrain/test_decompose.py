"""TT-SVD, rounding and low rank: exact where nothing is cut, within the proven bounds where something is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.tensortrain.decompose import balanced, decomposed, limits, low_rank, rounded, spectra
from engine.tensortrain.modes import Modes, suggested
from engine.tensortrain.trains import padded
from tests.tensortrain.strategies import SEEDS, modes, train

TINY = 1e-9


def distance(matrix, found):
    return float(np.linalg.norm(matrix - found.dense()[: matrix.shape[0], : matrix.shape[1]]))


@settings(max_examples=25)
@given(seed=SEEDS, modes=modes())
def test_without_a_limit_the_matrix_comes_back(seed, modes):
    matrix = np.random.default_rng(seed).standard_normal(modes.shape)
    found = decomposed(matrix, modes)
    assert distance(matrix, found.train) <= TINY
    assert found.train.modes == modes
    assert found.bound <= TINY


@settings(max_examples=25)
@given(seed=SEEDS, modes=modes(), rank=st.integers(1, 5), sizes=st.tuples(st.integers(0, 2), st.integers(0, 2)))
def test_the_error_lies_between_the_worst_bond_and_the_bound(seed, modes, rank, sizes):
    shape = [max(whole // 2 + 1, whole - less) for whole, less in zip(modes.shape, sizes, strict=True)]
    matrix = np.random.default_rng(seed).standard_normal(shape)
    found = decomposed(matrix, modes, [rank])
    assert all(a <= b for a, b in zip(found.train.bonds, modes.bonds([rank]), strict=True))
    error = float(np.linalg.norm(padded(matrix, modes) - found.train.dense()))
    least, most = limits(list(spectra(matrix, modes)), modes.bonds([rank]))
    assert least - TINY <= error <= found.bound + TINY
    assert found.bound <= most + TINY
    assert distance(matrix, found.train) <= error + TINY


@settings(max_examples=25)
@given(seed=SEEDS, modes=modes(), accuracy=st.floats(0.01, 0.9))
def test_a_prescribed_accuracy_is_kept(seed, modes, accuracy):
    matrix = np.random.default_rng(seed).standard_normal(modes.shape)
    found = decomposed(matrix, modes, accuracy=accuracy)
    assert distance(matrix, found.train) <= accuracy * np.linalg.norm(matrix) + TINY
    again = rounded(decomposed(matrix, modes).train, accuracy=accuracy)
    assert distance(matrix, again.train) <= accuracy * np.linalg.norm(matrix) + TINY


@settings(max_examples=25)
@given(seed=SEEDS, modes=modes(), rank=st.integers(1, 3))
def test_a_train_of_low_ranks_is_found_again(seed, modes, rank):
    matrix = train(np.random.default_rng(seed), modes, [rank]).dense()
    found = decomposed(matrix, modes, accuracy=1e-8)
    assert max(found.train.bonds) <= rank
    assert distance(matrix, found.train) <= 1e-7 * max(1.0, float(np.linalg.norm(matrix)))


@settings(max_examples=25)
@given(seed=SEEDS, modes=modes(), rank=st.integers(1, 5))
def test_rounding_a_train_is_decomposing_its_matrix(seed, modes, rank):
    large = train(np.random.default_rng(seed), modes, [rank + 3])
    by_train, by_matrix = rounded(large, [rank]), decomposed(large.dense(), modes, [rank])
    assert by_train.train.bonds == by_matrix.train.bonds
    np.testing.assert_allclose(by_train.left_out, by_matrix.left_out, atol=1e-7)
    by_both = [distance(large.dense(), found.train) for found in (by_train, by_matrix)]
    np.testing.assert_allclose(*by_both, atol=1e-9)


def test_spectra_are_those_of_the_unfoldings_and_at_full_rank_nothing_is_left_out():
    layout = suggested(12, 18, 3)
    matrix = np.random.default_rng(1).standard_normal((12, 18))
    found = list(spectra(matrix, layout))
    assert [len(values) for values in found] == list(layout.caps)
    for values in found:
        assert np.linalg.norm(values) == pytest.approx(np.linalg.norm(matrix))
    assert limits(found, layout.bonds([10**3])) == (0.0, 0.0)


def test_low_rank_is_the_best_there_is():
    matrix = np.random.default_rng(2).standard_normal((7, 11))
    values = np.linalg.svd(matrix, compute_uv=False)
    for rank in (1, 3, 7):
        u, v = low_rank(matrix, rank)
        assert (u.shape, v.shape) == ((7, rank), (rank, 11))
        assert np.linalg.norm(matrix - u @ v) == pytest.approx(np.linalg.norm(values[rank:]), abs=TINY)
    with pytest.raises(BadInput, match="no rank 8"):
        low_rank(matrix, 8)


@settings(max_examples=25)
@given(seed=SEEDS, modes=modes())
def test_balanced_cores_are_of_one_size_and_stand_for_the_same_matrix(seed, modes):
    made = train(np.random.default_rng(seed), modes, [2])
    even = balanced(made)
    np.testing.assert_allclose(even.dense(), made.dense(), atol=1e-9)
    sizes = [np.sqrt(np.mean(core**2)) for core in even.cores]
    np.testing.assert_allclose(sizes, sizes[0])


def test_a_matrix_of_zeros_and_a_single_core():
    layout = Modes((2, 2), (2, 2))
    assert not balanced(decomposed(np.zeros((4, 4)), layout, [1]).train).dense().any()
    assert decomposed(np.eye(4), Modes((4,), (4,)), [1]).bound == 0.0


@pytest.mark.parametrize("accuracy", [-0.1, 1.0, float("nan")])
def test_an_accuracy_that_is_none_is_refused(accuracy):
    with pytest.raises(BadInput, match="error of"):
        decomposed(np.eye(4), Modes((2, 2), (2, 2)), accuracy=accuracy)
