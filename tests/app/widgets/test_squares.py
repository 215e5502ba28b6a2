"""Pictures made of arrays, against the obvious way: pixel by pixel, rectangle by rectangle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage, QPainter

from app.theme import theme, tokens
from app.widgets.histogram import bars
from app.widgets.squares import squares
from app.widgets.tiles import BitTiles

LINE = QColor("#123456")


@given(shape=st.tuples(st.integers(1, 7), st.integers(1, 9)), side=st.integers(1, 6), lined=st.booleans())
@settings(max_examples=60, deadline=None)
def test_each_pixel_is_a_square(shape, side, lined):
    pixels = np.random.default_rng(0).integers(0xFF000000, 0x100000000, shape).astype(np.uint32)
    image = squares(pixels, side, LINE if lined else None)
    assert (image.height(), image.width()) == tuple(side * length + lined for length in shape)
    for y in range(image.height()):
        for x in range(image.width()):
            on_line = lined and (y % side == 0 or x % side == 0)
            assert image.pixel(x, y) == (LINE.rgb() if on_line else pixels[y // side, x // side])


@given(data=st.data(), tall=st.integers(1, 30), left=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_bars_are_the_rectangles_that_they_stand_for(data, tall, left):
    widths = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=12))
    heights = np.array(data.draw(st.lists(st.integers(0, tall), min_size=len(widths), max_size=len(widths))))
    edges = left + np.cumsum([0, *widths])
    colors = np.array([0xFF000000 + 1000 * k for k in range(len(widths))], np.uint32)
    expected = QImage(int(edges[-1] - left), tall, QImage.Format.Format_RGB32)
    expected.fill(LINE)
    painter = QPainter(expected)
    for start, width, height, color in zip(edges - left, widths, heights, colors, strict=False):
        painter.fillRect(int(start), tall - int(height), max(1, width - 1), int(height), QColor.fromRgba(int(color)))
    painter.end()
    assert bars(edges, heights, colors, tall, LINE.rgb()) == expected


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_tiles_of_nothing_are_the_bare_card(qtbot, choice):
    tiles = BitTiles("A code", str)
    qtbot.addWidget(tiles)
    tiles.resize(200, 100)
    theme().choose(choice)
    image, surface = tiles.grab().toImage(), tokens().surface
    theme().choose("dark")
    assert {image.pixelColor(x, y).name().upper() for x in range(200) for y in range(100)} == {surface}
