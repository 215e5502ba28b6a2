"""Trains against their definition, entry by entry: the order of the indices, the dense matrix, padding, costs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.tensortrain import costs
from engine.tensortrain.modes import Modes
from engine.tensortrain.trains import padded, paired, unfolding
from tests.tensortrain.strategies import SEEDS, entry, indices, modes, train


@settings(max_examples=25)
@given(seed=SEEDS, modes=modes(), rank=st.integers(1, 5))
def test_the_dense_matrix_is_the_definition(seed, modes, rank):
    rng = np.random.default_rng(seed)
    made = train(rng, modes, [rank])
    dense = made.dense()
    assert dense.shape == modes.shape
    for _ in range(20):
        i, j = (int(rng.integers(size)) for size in modes.shape)
        assert np.isclose(dense[i, j], entry(made, i, j))


@settings(max_examples=25)
@given(seed=SEEDS, modes=modes())
def test_an_unfolding_has_the_first_cores_indices_as_rows(seed, modes):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal(modes.shape)
    i, j = (int(rng.integers(size)) for size in modes.shape)
    pairs = zip(indices(i, modes.outputs), indices(j, modes.inputs), modes.inputs, strict=True)
    place = tuple(a * n + b for a, b, n in pairs)
    tensor = paired(matrix, modes)
    assert tensor[place] == matrix[i, j]
    assert unfolding(tensor, modes.cores).shape == (matrix.size, 1)


def test_padding_is_zero_at_the_end_of_each_side():
    matrix = np.arange(1.0, 16.0).reshape(3, 5)
    whole = padded(matrix, Modes((2, 2), (2, 3)))
    assert whole.shape == (4, 6)
    assert np.array_equal(whole[:3, :5], matrix)
    assert whole.sum() == matrix.sum()


@settings(max_examples=25)
@given(modes=modes(), rank=st.integers(1, 6))
def test_costs_count_what_a_train_stores_and_multiplies(modes, rank):
    made = train(np.random.default_rng(0), modes, [rank])
    cost = costs.train(modes, modes.bonds([rank]))
    assert cost.parameters == made.parameters
    assert cost.bytes == 4 * made.parameters
    macs = held = 0
    values = list(modes.inputs)
    bond = 1
    for k, core in enumerate(made.cores):
        before = bond * int(np.prod(values))
        values[k], bond = modes.outputs[k], core.shape[3]
        macs += bond * int(np.prod(values)) * core.shape[0] * modes.inputs[k]
        held = max(held, before + bond * int(np.prod(values)))
    assert (cost.macs, cost.working) == (macs, held)
