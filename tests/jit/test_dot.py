"""The kernels of products, called through their records, against numpy: every variant that runs here."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jit.cases import DOTS, FILLS, LIMITS, Dot
from tests.jit.memory import Canaries

pytestmark = pytest.mark.usefixtures("variant")


def up_to(*most):
    return st.tuples(*(st.integers(0, each) for each in most))


dots = st.builds(
    Dot,
    name=st.sampled_from(DOTS),
    counts=up_to(3, 3, 13),
    steps=up_to(200, 200, 120),
    segments=st.integers(1, 5),
    units=st.one_of(st.integers(1, 12), st.sampled_from([30, 31, 32, 62, 63])),
    outputs=st.integers(1, 150),
    group=st.integers(1, 3),
    extra_pitch=st.integers(0, 20),
    gaps=up_to(9, 9, 9),
    shift=st.integers(0, 2),
    source=st.sampled_from(FILLS),
    weights=st.sampled_from(FILLS),
    limits=st.sampled_from(LIMITS),
    seed=st.integers(0, 2**32 - 1),
)


@settings(deadline=None, max_examples=200)
@given(case=dots, skew=st.integers(0, 15))
def test_any_record(case, skew):
    case.check(Canaries(skew))


@pytest.mark.parametrize("name", DOTS)
def test_every_remainder_of_rows_and_outputs(name):
    for outputs in (*range(1, 34), 63, 64, 65, 127, 128, 129):
        Dot(name, (1, 1, outputs % 10), (0, 0, 24), 1, 3, outputs, seed=outputs).check(Canaries())
    for rows in range(18):
        Dot(name, (2, 1, rows), (400, 0, 24), 1, 3, 35, seed=rows).check(Canaries(1))


@pytest.mark.parametrize("name", DOTS)
def test_all_equal_and_all_opposite(name):
    for pattern in itertools.product(("zeros", "ones"), ("zeros", "ones"), LIMITS):
        source, weights, limits = pattern
        Dot(name, (1, 2, 5), (0, 88, 88), 1, 11, 70, source=source, weights=weights, limits=limits).check(Canaries())


@pytest.mark.parametrize("name", DOTS)
def test_no_images_no_lines_no_rows(name):
    for counts in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        Dot(name, counts, (8, 8, 8), 2, 2, 9).check(Canaries())


def test_sums_beyond_sixteen_bits():
    """And beyond the bytes in which a nibble table counts."""
    for name in ("sums", "sums-narrow", "scores", "bits", "plane-bits"):
        Dot(name, (1, 1, 2), (0, 0, 8), 1, 1200, 9, source="ones", weights="zeros").check(Canaries())
    for name in ("pixel-scores", "pixel-bits"):
        Dot(name, (1, 1, 2), (0, 0, 4), 1, 20_000, 17, source="ones", weights="ones").check(Canaries())


def test_canaries_sing():
    memory = Canaries()
    placed = memory.place(np.zeros(3, np.uint8))
    beyond = np.lib.stride_tricks.as_strided(placed, (4,), writeable=True)
    memory.check()
    beyond[3] = 0
    with pytest.raises(AssertionError):
        memory.check()
