"""Bits as pixels, against the obvious way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.theme import DARK
from app.widgets import bitraster as raster
from engine.bits import pack

shapes = st.tuples(st.integers(1, 90), st.integers(1, 300))


@given(shape=shapes, pixels=st.tuples(st.integers(1, 50), st.integers(1, 50)), seed=st.integers(0, 999))
@settings(max_examples=80, deadline=None)
def test_a_single_flip_is_always_seen_and_nothing_else(shape, pixels, seed):
    rng = np.random.default_rng(seed)
    row, column = rng.integers(shape[0]), rng.integers(shape[1])
    bits = np.zeros(shape, bool)
    bits[row, column] = True
    rows = raster.bins(pixels[0], pixels[0] / shape[0], 0.0, shape[0])
    columns = raster.bins(pixels[1], pixels[1] / shape[1], 0.0, shape[1])
    seen = raster.any_set(pack(bits), rows, columns)
    ys, xs = np.nonzero(seen)
    assert ys.size
    assert all(rows.first[y] <= row < rows.first[y] + rows.count[y] for y in ys)
    assert all(columns.first[x] <= column < columns.first[x] + columns.count[x] for x in xs)


@given(shape=shapes, pixels=st.tuples(st.integers(1, 50), st.integers(1, 50)), seed=st.integers(0, 999))
@settings(max_examples=80, deadline=None)
def test_grey_is_the_mean_of_the_bits_under_the_pixel(shape, pixels, seed):
    """Exact where bits are counted one by one; where units of 4 or 8 are, the whole still sums to the truth."""
    bits = np.random.default_rng(seed).random(shape) < 0.5
    rows = raster.bins(pixels[0], pixels[0] / shape[0], 0.0, shape[0])
    columns = raster.bins(pixels[1], pixels[1] / shape[1], 0.0, shape[1])
    grey = raster.means(pack(bits), rows, columns)
    if columns.count.min() >= 4:
        area = np.multiply.outer(rows.count, columns.count)
        assert abs((grey / 255 * area).sum() / area.sum() - bits.mean()) < 0.5 / np.sqrt(area.min())
        return
    for y in range(pixels[0]):
        for x in range(pixels[1]):
            own = bits[
                rows.first[y] : rows.first[y] + rows.count[y],
                columns.first[x] : columns.first[x] + columns.count[x],
            ]
            assert abs(int(grey[y, x]) - own.mean() * 255) <= 0.51


@given(size=st.integers(1, 400), pixels=st.integers(1, 100))
def test_every_bit_lies_under_a_pixel(size, pixels):
    bins = raster.bins(pixels, pixels / size, 0.0, size)
    covered = {bit for f, c in zip(bins.first, bins.count, strict=True) for bit in range(f, f + c)}
    assert covered == set(range(size))


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("inputs", [13, 784, 4096])
def test_uniform_bits_are_uniform_at_every_unit(value, inputs):
    bits = np.full((64, inputs), bool(value))
    for width in (7, 60, 200, 900):
        columns = raster.bins(width, width / inputs, 0.0, inputs)
        grey = raster.means(pack(bits), raster.bins(40, 40 / 64, 0.0, 64), columns)
        assert (grey == 255 * value).all()


def test_colors_at_the_ends():
    table = raster.color_table(DARK)
    assert f"{table[0] & 0xFFFFFF:06X}" == DARK.bit_off[1:]
    assert f"{table[255] & 0xFFFFFF:06X}" == DARK.bit_on[1:]
    assert f"{table[raster.HEAT * 256] & 0xFFFFFF:06X}" == DARK.flip[1:]
