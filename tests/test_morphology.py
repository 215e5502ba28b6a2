"""Dilation and erosion against their definition, pixel by pixel."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import morphology

IMAGES = hnp.arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 3, st.integers(1, 3)))


@pytest.mark.parametrize(("change", "extreme"), [(morphology.dilated, np.max), (morphology.eroded, np.min)])
@settings(max_examples=30, deadline=None)
@given(images=IMAGES, size=st.integers(2, 4))
def test_is_the_extreme_of_the_pixels_around(change, extreme, images, size):
    before = images.copy()
    result = change(images, size)
    first, last = (size - 1) // 2, size // 2
    for n, y, x, c in np.ndindex(*images.shape):
        around = images[n, max(0, y - first) : y + last + 1, max(0, x - first) : x + last + 1, c]
        assert result[n, y, x, c] == extreme(around)
    assert result.flags.c_contiguous
    np.testing.assert_array_equal(images, before)


def test_no_images_give_none():
    assert morphology.dilated(np.zeros((0, 5, 4, 1), np.uint8), 3).shape == (0, 5, 4, 1)
