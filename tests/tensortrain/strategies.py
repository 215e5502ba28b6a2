"""Random modes, trains and matrices for hypothesis."""

import numpy as np
from hypothesis import strategies as st

from engine.tensortrain.modes import Modes
from engine.tensortrain.trains import TensorTrain

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def modes(draw, most=4, cores=4):
    count = draw(st.integers(1, cores))
    side = st.lists(st.integers(1, most), min_size=count, max_size=count).map(tuple)
    return Modes(draw(side), draw(side))


def train(rng, modes, ranks, dtype=np.float64):
    bonds = modes.bonds(ranks)
    sides = zip(bonds[:-1], modes.outputs, modes.inputs, bonds[1:], strict=True)
    return TensorTrain(tuple(rng.standard_normal(side).astype(dtype) for side in sides))


def entry(train, output, inputs):
    """One entry by the definition: the product of its cores' matrices."""
    modes, matrix = train.modes, np.ones((1, 1))
    pairs = zip(indices(output, modes.outputs), indices(inputs, modes.inputs), train.cores, strict=True)
    for i, j, core in pairs:
        matrix = matrix @ core[:, i, j, :]
    return matrix[0, 0]


def indices(number, sizes):
    """The index of each mode, the last mode the fastest."""
    found = []
    for size in reversed(sizes):
        number, index = divmod(number, size)
        found.append(index)
    return found[::-1]
