"""Every input of a region comes up once, nearest first."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bits import unpack
from engine.errors import BadInput
from engine.verify.region import Region
from tests.verify.builders import regions


@settings(deadline=None)
@given(st.integers(1, 9).flatmap(regions))
def test_inputs_are_all_combinations_of_flips(arguments):
    region = Region(*arguments)
    found = [(d, tuple(row)) for d, words in region.inputs() for row in unpack(words, len(region.centre))]
    wanted = set()
    for distance in range(region.radius + 1):
        for flips in combinations(region.free.tolist(), distance):
            values = region.centre.copy()
            values[list(flips)] ^= True
            wanted.add((distance, tuple(values)))
    assert len(found) == len(wanted) == region.size
    assert set(found) == wanted
    assert [d for d, _ in found] == sorted(d for d, _ in found)


def test_sizes_are_exact_however_large():
    centre = np.zeros(784, np.bool_)
    assert Region.ball(centre, 2).size == 1 + 784 + comb(784, 2)
    assert Region.cube(centre, np.arange(784)).size == 2**784
    with pytest.raises(BadInput, match="too many"):
        next(Region.cube(centre, np.arange(784)).inputs())


def test_a_ball_that_spans_several_chunks_has_no_input_twice():
    region = Region.ball(np.random.default_rng(0).random(70) < 0.5, 3)
    words = np.concatenate([words for _, words in region.inputs()])
    assert len(np.unique(words, axis=0)) == len(words) == region.size > 1 << 15


@pytest.mark.parametrize(("free", "radius"), [([1, 1], 1), ([2, 1], 1), ([-1], 0), ([5], 0), ([0, 1], 3), ([0], -1)])
def test_what_is_no_region_is_refused(free, radius):
    with pytest.raises(BadInput):
        Region(np.zeros(5, np.bool_), np.array(free), radius)
