"""Filters, confusion, histogram, scrubber: facts of what they show and say."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.theme import tokens
from app.watched import MOST, Watched
from app.widgets.confusion import ConfusionMatrix
from app.widgets.filters import CHANNELS, FilterTiles
from app.widgets.histogram import Histogram
from app.widgets.scrubber import Scrubber
from engine import messages as m
from engine.bits import pack


@pytest.fixture
def tiles(qtbot):
    made = FilterTiles("Press Run")
    made.resize(400, 70)
    qtbot.addWidget(made)
    return made


def tile_color(tiles, row, y, x, side):
    square = tiles.square(row)
    ratio = tiles.devicePixelRatioF()
    px = (square.left() + (x + 0.5) * square.width() / side) * ratio
    py = (square.top() + (y + 0.5) * square.height() / side) * ratio
    return f"#{int(tiles.pixels()[int(py), int(px)]) & 0xFFFFFF:06X}"


def test_each_tile_is_an_outputs_row_in_the_inputs_shape(tiles):
    bits = np.random.default_rng(0).random((20, 64)) < 0.5
    tiles.set_bits(pack(bits), (8, 8, 1))
    for row, y, x in [(0, 0, 0), (3, 7, 2), (tiles.shown[-1], 4, 7)]:
        expected = tokens().bit_on if bits[row, y * 8 + x] else tokens().bit_off
        assert tile_color(tiles, row, y, x, 8) == expected


def test_flipped_bits_are_amber_in_the_tiles(tiles):
    bits = np.zeros((4, 64), bool)
    tiles.set_bits(pack(bits), (8, 8, 1))
    bits[2, 9] = True
    tiles.set_bits(pack(bits), (8, 8, 1))
    assert tile_color(tiles, 2, 1, 1, 8) == tokens().flip


def test_pages_turn_and_keys_walk(tiles, qtbot):
    bits = np.zeros((200, 784), bool)
    tiles.set_bits(pack(bits), (28, 28, 1))
    page = tiles.per_page
    assert 1 < page < 200
    qtbot.keyClick(tiles, Qt.Key.Key_PageDown)
    assert tiles.shown.start == page
    heard = []
    tiles.pinned.connect(heard.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left):
        qtbot.keyClick(tiles, key)
    assert heard == [page, page - 1, page - 2]
    assert tiles.shown.start == 0
    tiles.turn(1000)
    assert tiles.shown.stop == 200


def test_channels_lie_side_by_side(tiles):
    bits = np.zeros((1, 8 * 8 * 3), bool)
    bits[0, (2 * 8 + 5) * 3 + 1] = True  # y 2, x 5, channel 1
    tiles.set_bits(pack(bits), (8, 8, 3))
    assert tiles._pictures(pack(bits))[0].nonzero() == (np.array([2]), np.array([8 + 5]))


def test_few_small_windows_are_shown_large_and_whole(tiles):
    tiles.set_bits(pack(np.zeros((16, 25), bool)), (5, 5, 1))
    assert tiles.shown == range(16)
    assert tiles._layout.scale > 3


def test_colour_channels_are_underlined_in_their_colours(tiles):
    tiles.set_bits(pack(np.zeros((4, 27), bool)), (3, 3, 3))
    square, pixels = tiles.square(1), tiles.pixels()
    under = int(square.bottom()) + 1
    seen = [int(pixels[under, int(square.left() + (i + 0.5) * square.width() / 3)]) for i in range(3)]
    assert seen == list(CHANNELS)


@pytest.fixture
def matrix(qtbot):
    made = ConfusionMatrix("Press Run")
    made.resize(215, 215)
    qtbot.addWidget(made)
    return made


def test_a_cell_reads_as_a_sentence(matrix):
    counts = np.zeros((10, 10), np.int64)
    counts[3, 5], counts[3, 3] = 12, 998
    matrix.set_counts(counts)
    assert matrix.describe(3, 5) == "3 taken for 5: 12 of 1,010"
    assert matrix.describe(3, 3) == "3 recognised: 998 of 1,010 (98.8 %)"
    assert matrix.accessibleDescription() == "998 of 1,010 right. Most often 3 taken for 5: 12 of 1,010."


def test_diagonal_is_told_from_the_commonest_mistake(matrix):
    counts = np.full((3, 3), 5, np.int64)
    matrix.set_counts(counts, ("cat", "dog", "owl"))
    assert matrix.color(0, 0) != matrix.color(0, 1)
    assert matrix.describe(0, 2) == "cat taken for owl: 5 of 15"


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_any_number_of_classes_is_painted(matrix, classes):
    matrix.set_counts(np.eye(classes, dtype=np.int64))
    cell = matrix.cell(1, 1)
    inside = cell.topLeft() + (cell.bottomRight() - cell.topLeft()) * 0.2
    assert matrix.grab().toImage().pixelColor(int(inside.x()), int(inside.y())) == matrix.color(1, 1)


def test_names_of_classes_have_room_up_to_a_quarter(matrix):
    matrix.set_counts(np.eye(2, dtype=np.int64), ("cat", "an extraordinarily long name of a class"))
    assert matrix.cell(0, 0).left() == matrix.width() / 4
    matrix.set_counts(np.eye(2, dtype=np.int64) * 2, ("0", "1"))
    assert matrix.cell(0, 0).left() == 15.0


def test_an_empty_class_does_not_divide_by_zero(matrix):
    matrix.set_counts(np.zeros((4, 4), np.int64))
    assert matrix.describe(0, 0) == "0 recognised: 0 of 0"
    matrix.grab()


def test_arrow_keys_read_the_matrix(matrix, qtbot):
    heard = []
    matrix.read.connect(heard.append)
    matrix.set_counts(np.eye(4, dtype=np.int64))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        qtbot.keyClick(matrix, key)
    assert heard[-1] == "1 recognised: 1 of 1 (100.0 %)"


def test_histogram_reads_shares_and_sides(qtbot):
    histogram = Histogram("Before the sign", "value", -3.0, 3.0)
    qtbot.addWidget(histogram)
    counts = np.zeros(64, np.int64)
    counts[10], counts[40] = 25, 75
    histogram.set_counts(counts, "Layer 1:")
    assert histogram.accessibleDescription() == "Layer 1: 25.0 % below zero, 75.0 % from zero on."
    assert histogram.reading(-3 + 40.5 * 6 / 64)[1][0] == "share 75 %"
    histogram.grab()


def test_the_axis_of_a_histogram_stands_still_while_its_bars_fit(qtbot):
    histogram = Histogram("Before the sign", "value", -3.0, 3.0)
    qtbot.addWidget(histogram)

    def end(tallest):
        histogram.set_counts(np.array([tallest, *[(1000 - tallest) // 63] * 63]))
        return histogram.y_axis.high

    ends = [end(tallest) for tallest in (50, 52, 49, 51, 53, 42)]
    assert ends == [6.0, 8.0, 8.0, 8.0, 8.0, 8.0]
    assert end(30) == 4.0
    assert end(400) == 50.0


def test_a_clip_spike_does_not_flatten_the_rest(qtbot):
    histogram = Histogram("Latent", "value", -1.2, 1.2, marks=(-1.0, 1.0))
    qtbot.addWidget(histogram)
    counts = np.ones(64, np.int64)
    counts[58] = 10_000
    histogram.set_counts(counts)
    assert histogram.y_axis.high < 1.0
    histogram.grab()


def test_scrubber_tells_past_from_live(qtbot):
    scrubber = Scrubber()
    qtbot.addWidget(scrubber)
    heard = []
    scrubber.scrubbed.connect(heard.append)
    scrubber.show_moments(10, 9, None, "2.60", "3,400")
    assert scrubber.text.text() == "live · step 3,400 · epoch 2.60"
    assert heard == []
    scrubber.slider.setFocus()
    qtbot.keyClick(scrubber.slider, Qt.Key.Key_Left)
    assert heard == [8]
    scrubber.show_moments(10, 8, 1200, "0.90", "3,400")
    assert scrubber.text.text() == "showing step 1,200 · epoch 0.90"
    assert scrubber.end.text() == "live is at 3,400"
    with qtbot.waitSignal(scrubber.live_asked):
        scrubber.live.click()


def test_watched_weight_is_bounded_and_knows_the_past():
    watched = Watched((0, 1, 2))
    for begin in range(0, 50_000, 100):
        steps = np.arange(begin, begin + 100)
        watched.add(m.WatchTrace(0, 1, 2, steps, (steps / 1e5).astype(np.float32), begin // 10_000))
    watched.add(m.WatchTrace(0, 9, 9, np.array([1]), np.zeros(1, np.float32), 99))
    steps, latent = watched.trace()
    assert steps.size <= MOST
    assert latent == pytest.approx(steps / 1e5, abs=1e-6)
    assert watched.flips_until(None) == 4
    assert watched.flips_until(25_000) == 2
    assert watched.latent_at(25_000) == pytest.approx(0.25, abs=1e-3)
    assert Watched().latent_at(None) is None
