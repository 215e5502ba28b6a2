"""The preparation of MNIST, against its definition and against MNIST itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import datasets
from engine.digits import FAINTEST, area_average, prepare


def slow_average(values, height, width):
    """Area averaging by counting on a grid so fine that every cell is whole."""
    fine = np.kron(values, np.ones((height, width)))
    return fine.reshape(height, values.shape[0], width, values.shape[1]).mean(axis=(1, 3))


@settings(deadline=None)
@given(*[st.integers(1, 12)] * 4)
def test_area_average_is_exact(h, w, height, width):
    values = np.random.default_rng(h * 12 + w).random((h, w)).astype(np.float32)
    np.testing.assert_allclose(
        area_average(values, height, width), slow_average(values, height, width), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("size", [(280, 280), (1, 1), (28, 28)])
def test_no_ink(size):
    assert prepare(np.zeros(size, np.uint8)) is None
    assert prepare(np.full(size, 16, np.uint8)) is None
    assert prepare(np.full(size, np.nan, np.float32)) is None


def test_a_dot_becomes_a_square_in_the_middle():
    grey = np.zeros((280, 280), np.uint8)
    grey[3, 270] = 200
    image = prepare(grey)
    assert (image.dtype, image.shape) == (np.uint8, (28, 28))
    assert (image[4:24, 4:24] == 255).all()
    assert image.sum() == 20 * 20 * 255


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 300), width=st.integers(1, 300))
def test_any_ink_fits_and_is_centred(seed, height, width):
    rng = np.random.default_rng(seed)
    grey = (rng.random((height, width)) < 0.1) * rng.integers(17, 256, (height, width))
    image = prepare(grey)
    if not grey.any():
        assert image is None
        return
    assert image.max() == 255
    for axis in (0, 1):
        lines = np.flatnonzero(image.any(axis=1 - axis))
        assert np.ptp(lines) + 1 <= 20
        centre = image.sum(axis=1 - axis) @ np.arange(28) / image.sum()
        assert abs(centre - 14) <= 0.6 or lines[0] == 0 or lines[-1] == 27


def test_size_and_place_do_not_matter():
    rng = np.random.default_rng(0)
    digit = np.kron(rng.integers(0, 2, (9, 6)), np.ones((20, 20))) * 255
    expected = prepare(digit)
    for pad in (40, ((100, 0), (0, 77))):
        np.testing.assert_array_equal(prepare(np.pad(digit, pad)), expected)
    np.testing.assert_allclose(prepare(np.kron(digit, np.ones((2, 2)))).astype(int), expected, atol=1)


def test_mnist_itself_stays_as_it_is():
    originals = datasets.load("mnist").test_images[:200, :, :, 0].astype(int)
    again = np.array([prepare(image) for image in originals]).astype(int)
    moved = [
        min(np.abs(np.roll(b, (y, x), (0, 1)) - a).max() for y in (-1, 0, 1) for x in (-1, 0, 1))
        for a, b in zip(originals, again, strict=True)
    ]
    assert max(moved) <= FAINTEST  # faint pixels are cropped, and the brightest is taken to 255
    assert (np.abs(again - originals).max(axis=(1, 2)) <= FAINTEST).mean() > 0.95
