"""Factorisations: their product, their evenness, padding of primes, ranks and their caps, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.tensortrain.modes import Modes, dotted, factors, parsed, primes, suggested


@given(size=st.integers(1, 30_000), count=st.integers(1, 8))
def test_factors_hold_the_size_and_are_about_even(size, count):
    found = factors(size, count)
    assert len(found) == count
    assert list(found) == sorted(found)
    assert math.prod(found) >= size
    if count > 1:
        assert found[-1] <= max(7, 2 * math.ceil(size ** (1 / count)))


@pytest.mark.parametrize(
    ("size", "count", "expected"),
    [
        (1024, 5, (4,) * 5),
        (4096, 6, (4,) * 6),
        (784, 4, (4, 4, 7, 7)),
        (25088, 6, (4, 4, 4, 7, 7, 8)),
        (10, 4, (1, 1, 2, 5)),
        (509, 4, (4, 4, 4, 8)),  # a prime: padded to 512
        (509, 1, (509,)),
        (1, 3, (1, 1, 1)),
    ],
)
def test_sizes_that_occur(size, count, expected):
    assert factors(size, count) == expected


@given(st.integers(1, 100_000))
def test_prime_factors_multiply_to_their_number(size):
    found = primes(size)
    assert math.prod(found) == size
    assert all(prime > 1 and all(prime % divisor for divisor in range(2, math.isqrt(prime) + 1)) for prime in found)


def test_ranks_are_capped_by_what_a_bond_can_use():
    modes = Modes((2, 3, 2), (2, 2, 5))
    assert modes.caps == (4, 10)
    assert modes.bonds([8]) == (1, 4, 8, 1)
    assert modes.bonds([3, 100]) == (1, 3, 10, 1)
    assert Modes((6,), (5,)).bonds([3]) == (1, 1)


def test_a_cap_is_the_rank_of_any_matrix_of_that_size():
    modes = Modes((2, 3, 2), (2, 2, 5))
    matrix = np.random.default_rng(0).standard_normal(modes.shape)
    tensor = matrix.reshape(2, 3, 2, 2, 2, 5).transpose(0, 3, 1, 4, 2, 5)
    assert [np.linalg.matrix_rank(tensor.reshape(size, -1)) for size in (4, 24)] == list(modes.caps)


@pytest.mark.parametrize("text", ["4,8,8,4", "4x8x8x4", " 4·8·8·4 ", "4 8 8 4", "4, 8, 8, 4", "4×8×8×4"])
def test_factorisations_are_read_as_people_write_them(text):
    assert parsed(text) == (4, 8, 8, 4)
    assert dotted(parsed(text)) == "4·8·8·4"


@pytest.mark.parametrize("text", ["", "4,,8", "4,0", "-4,8", "4.5", "four", "4,8,", "9999999999"])
def test_what_is_no_factorisation_is_refused(text):
    with pytest.raises(BadInput, match="no factorisation"):
        parsed(text)


@pytest.mark.parametrize("ranks", [[0], [-1], [4, 0, 4], [4, 4], [], [10**9]])
def test_ranks_that_are_none_are_refused(ranks):
    with pytest.raises(BadInput, match="ranks of 4 cores"):
        suggested(256, 256, 4).bonds(ranks)


def test_modes_that_do_not_pair_or_hold_are_refused():
    with pytest.raises(BadInput, match="do not pair"):
        Modes((4, 4), (4, 4, 4))
    with pytest.raises(BadInput, match="no matrix"):
        Modes((4, 0), (4, 4))
    with pytest.raises(BadInput, match="no matrix"):
        Modes((10**7,), (10**7,))
    with pytest.raises(BadInput, match="does not suit the 17 inputs"):
        Modes((4, 4), (4, 4)).check_fit(16, 17)
    with pytest.raises(BadInput, match="does not suit the 8 outputs"):
        Modes((4, 4), (4, 4)).check_fit(8, 16)
    with pytest.raises(BadInput, match="0 factors"):
        factors(16, 0)
