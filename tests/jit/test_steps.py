"""The kernels around the products, called through their records, against numpy: every variant that runs here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jit.cases import FILLS
from tests.jit.cases_around import Copy, Driver, NetworkValue, Planes, Pool
from tests.jit.memory import Canaries

pytestmark = pytest.mark.usefixtures("variant")

seeds = st.integers(0, 2**32 - 1)
skews = st.integers(0, 15)


@settings(deadline=None, max_examples=60)
@given(
    case=st.builds(
        Planes,
        st.integers(0, 4),
        st.integers(1, 300),
        st.integers(0, 9),
        st.integers(0, 2),
        st.sampled_from(FILLS),
        seeds,
    ),
    skew=skews,
)
def test_planes_of_any_pixels(case, skew):
    case.check(Canaries(skew))


def test_planes_of_every_remainder():
    for pixels in range(1, 131):
        Planes(2, pixels, seed=pixels).check(Canaries(pixels % 5))


@st.composite
def pools(draw):
    window = draw(st.integers(1, 8))
    side = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    stride = draw(st.integers(1, window))
    return Pool(draw(st.integers(0, 3)), side, window, stride, draw(st.integers(1, 4)), draw(st.sampled_from(FILLS)), 5)


@settings(deadline=None, max_examples=60)
@given(case=pools(), skew=skews)
def test_any_pooling(case, skew):
    case.check(Canaries(skew))


@settings(deadline=None, max_examples=60)
@given(
    case=st.builds(
        Copy,
        st.tuples(st.integers(0, 4), st.integers(0, 4)),
        st.integers(0, 150),
        st.tuples(*[st.integers(0, 9)] * 4),
        seeds,
    ),
    skew=skews,
)
def test_any_copy(case, skew):
    case.check(Canaries(skew))


@settings(deadline=None, max_examples=60)
@given(
    case=st.builds(Driver, st.integers(0, 20), st.integers(1, 7), st.integers(1, 40), st.integers(1, 4), seeds),
    skew=skews,
)
def test_driver_takes_blocks_through_all_records(case, skew):
    case.check(Canaries(skew))


@st.composite
def values(draw):
    window = draw(st.integers(1, 3))
    side = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    return NetworkValue(
        draw(st.integers(0, 3)), side, draw(st.integers(1, 70)), window, draw(st.integers(1, window)),
        draw(st.booleans()), draw(st.tuples(*[st.integers(0, 9)] * 3)), draw(st.booleans()), draw(seeds),
    )  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(case=values(), skew=skews)
def test_any_value(case, skew):
    case.check(Canaries(skew))


@pytest.mark.parametrize("window", [1, 2])
@pytest.mark.parametrize("shortcut", [False, True])
def test_values_of_every_remainder(window, shortcut):
    for outputs in (*range(1, 34), 63, 64, 65):
        NetworkValue(2, (1, 2), outputs, window, window, shortcut, seed=outputs).check(Canaries())
