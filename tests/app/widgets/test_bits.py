"""The weight-bit image: which colour is where, what flips do, how it zooms, walks and reads."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from app.theme import tokens
from app.widgets.bits import FADE, BitView
from engine.bits import pack


@pytest.fixture
def view(qtbot):
    made = BitView("Press Run: every square will be one real bit.")
    made.resize(320, 160)
    made.now = 0.0
    made.clock = lambda: made.now
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def bits():
    return np.random.default_rng(1).random((16, 32)) < 0.5


def color(view, row, column):
    """The colour that is really painted amid a bit's square."""
    at = view.square(row, column).center()
    ratio = view.devicePixelRatioF()
    return view.grab().toImage().pixelColor(int(at.x() * ratio), int(at.y() * ratio)).name().upper()


def expected(bit):
    return tokens().bit_on if bit else tokens().bit_off


def show(view, bits, **options):
    view.set_bits(pack(bits), *bits.shape, **options)


def test_each_square_has_its_bits_colour(view, bits):
    show(view, bits)
    for row, column in [(0, 0), (0, 31), (15, 0), (15, 31), (7, 9), (3, 20)]:
        assert color(view, row, column) == expected(bits[row, column])
        assert view.bit(row, column) == (1 if bits[row, column] else -1)


def test_there_is_no_bit_beyond_a_smaller_picture(view, bits):
    show(view, bits)
    show(view, bits[:4, :8])
    assert view.bit(3, 7) in (-1, 1)
    assert [view.bit(*at) for at in ((15, 0), (0, 31), (-1, -1))] == [0, 0, 0]


def test_a_flip_is_amber_then_fades_to_its_new_colour(view, bits):
    show(view, bits)
    after = bits.copy()
    after[5, 6] ^= True
    show(view, after)
    assert color(view, 5, 6) == tokens().flip
    assert color(view, 5, 7) == expected(bits[5, 7])
    view.now = FADE / 2
    view._fade()
    assert color(view, 5, 6) not in (tokens().flip, expected(after[5, 6]))
    view.now = FADE * 1.1
    view._fade()
    assert color(view, 5, 6) == expected(after[5, 6])
    assert not view._fading.isActive()


def test_older_flips_go_on_fading_under_newer_pictures(view, bits):
    show(view, bits)
    second = bits.copy()
    second[1, 1] ^= True
    third = second.copy()
    third[2, 2] ^= True
    show(view, second)
    view.now = FADE / 3
    show(view, third)
    assert color(view, 2, 2) == tokens().flip
    assert color(view, 1, 1) not in (tokens().flip, expected(third[1, 1]))


def test_reduced_motion_keeps_a_flip_for_one_picture(view, bits):
    view.reduced_motion = True
    show(view, bits)
    after = bits.copy()
    after[5, 6] ^= True
    show(view, after)
    view.now = 10 * FADE
    assert color(view, 5, 6) == tokens().flip
    assert not view._fading.isActive()
    show(view, after)
    assert color(view, 5, 6) == expected(after[5, 6])


def test_given_flips_stay(view, bits):
    flipped = np.zeros_like(bits)
    flipped[9, 9] = True
    show(view, bits, flipped=pack(flipped), fading=False)
    assert color(view, 9, 9) == tokens().flip


def test_one_flip_among_millions_is_seen(view):
    bits = np.zeros((1000, 2000), bool)
    show(view, bits)
    after = bits.copy()
    after[777, 1234] = True
    show(view, after)
    amber = np.uint32(tokens().color("flip").rgb())
    assert (view.pixels() == amber).sum() == 1


def test_wheel_zooms_about_the_pointer_until_a_bit_is_a_square(view, bits, qapp):
    show(view, np.tile(bits, (20, 20)))
    position = QPointF(200, 90)
    before = view._bit_under(position)
    for _ in range(20):
        event = QWheelEvent(
            position, position, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        qapp.sendEvent(view, event)
    assert view._bit_under(position) == before
    square = view.square(*before)
    assert square.width() == pytest.approx(square.height())
    assert square.width() >= 28
    view.fit()
    assert view.square(0, 0).topLeft() == QPointF(0, 0)


def test_drag_pans_and_does_not_pin(view, bits, qtbot):
    show(view, np.tile(bits, (20, 20)))
    view.zoom_by(8, QPointF(160, 80))
    before = view.square(0, 0).topLeft()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(160, 80))
    qtbot.mouseMove(view, QPoint(130, 60))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(130, 60))
    moved = view.square(0, 0).topLeft() - before
    assert (moved.x(), moved.y()) == pytest.approx((-30, -20))
    assert view.pin_at is None


def test_click_pins_and_arrows_walk(view, bits, qtbot):
    show(view, bits)
    heard = []
    view.pinned.connect(lambda *at: heard.append(at))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.square(3, 4).center().toPoint())
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Left):
        qtbot.keyClick(view, key)
    assert heard == [(3, 4), (4, 4), (4, 5), (3, 5), (3, 4)]


def test_walking_stops_at_the_edge_and_stays_in_view(view, bits, qtbot):
    show(view, np.tile(bits, (20, 20)))
    view.zoom_by(99, QPointF(0, 0))
    view.pin(0, 0)
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.pin_at == (0, 0)
    for _ in range(30):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.pin_at == (0, 30)
    assert view.rect().contains(view.square(0, 30).center().toPoint())


def test_hover_names_the_bit(view, bits, qtbot):
    show(view, bits)
    heard = []
    view.hovered.connect(lambda *at: heard.append(at))
    qtbot.mouseMove(view, view.square(12, 30).center().toPoint())
    assert heard[-1] == (12, 30)


def test_text_for_those_who_do_not_see(view, bits):
    assert view.accessibleName() == "Weight bits"
    assert view.accessibleDescription().startswith("Press Run")
    show(view, bits)
    assert view.accessibleDescription().startswith("16 outputs by 32 inputs")
    view.clear()
    assert view.accessibleDescription().startswith("Press Run")
