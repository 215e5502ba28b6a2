"""The canvas: mouse, tablet and keys make strokes; everything can be undone."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.widgets.canvas import Canvas
from app.widgets.ink import SIDE, Picture

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def canvas(qtbot):
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(2 * SIDE, 2 * SIDE)
    made.show()
    return made


def drag(canvas, *points):
    """Draw through points given in units of the sheet."""
    places = [QPoint(2 * x, 2 * y) for x, y in points]
    QTest.mousePress(canvas, LEFT, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(canvas, place)
    QTest.mouseRelease(canvas, LEFT, pos=places[-1])


def test_empty_canvas_has_nothing_to_show(canvas):
    assert canvas.grey() is None


def test_mouse_stroke_is_one_step_of_undo(canvas):
    drag(canvas, (60, 140), (140, 140), (220, 140))
    assert canvas.undo_stack.count() == 1
    assert canvas.grey()[140, 140] == 255
    canvas.undo_stack.undo()
    assert canvas.grey() is None
    canvas.undo_stack.redo()
    assert canvas.grey()[140, 140] == 255


def test_clearing_can_be_undone(canvas):
    drag(canvas, (60, 140), (220, 140))
    drag(canvas, (140, 60), (140, 220))
    before = canvas.grey()
    canvas.clear()
    assert canvas.grey() is None
    canvas.undo_stack.undo()
    assert np.array_equal(canvas.grey(), before)


def test_clearing_nothing_leaves_no_step_of_undo(canvas):
    canvas.clear()
    assert not canvas.undo_stack.count()


def test_ink_does_not_depend_on_the_size_on_the_screen(canvas):
    drag(canvas, (60, 140), (220, 140))
    before = canvas.grey()
    canvas.resize(SIDE, SIDE + 90)
    assert np.array_equal(canvas.grey(), before)
    drag_at = canvas.square().topLeft() + QPointF(100, 200)
    QTest.mousePress(canvas, LEFT, pos=drag_at.toPoint())
    QTest.mouseRelease(canvas, LEFT, pos=drag_at.toPoint())
    assert canvas.grey()[200, 100] == 255


def test_unfinished_stroke_counts_at_once(canvas, qtbot):
    with qtbot.waitSignal(canvas.changed):
        QTest.mousePress(canvas, LEFT, pos=QPoint(200, 200))
    assert canvas.grey()[100, 100] == 255


def test_pen_width_is_in_units_of_the_sheet(canvas):
    canvas.pen_width = 40.0
    drag(canvas, (60, 140), (220, 140))
    assert 38 <= (canvas.grey()[:, 140] > 127).sum() <= 42


def tablet(canvas, kind, at, pressure):
    device = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        1,
    )
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else LEFT
    place = QPointF(2 * at[0], 2 * at[1])
    event = QTabletEvent(
        kind, device, place, place, pressure, 0, 0, 0, 0, 0, Qt.KeyboardModifier.NoModifier, LEFT, held
    )
    QApplication.sendEvent(canvas, event)
    assert event.isAccepted()


def test_pressure_gives_the_width(canvas):
    widths = []
    for row, pressure in ((60, 0.1), (200, 1.0)):
        tablet(canvas, QEvent.Type.TabletPress, (60, row), pressure)
        tablet(canvas, QEvent.Type.TabletMove, (220, row), pressure)
        tablet(canvas, QEvent.Type.TabletRelease, (220, row), pressure)
        widths.append(int((canvas.grey()[row - 40 : row + 40, 140] > 127).sum()))
    assert widths[0] == pytest.approx(20 * 0.52, abs=1.5)
    assert widths[1] == pytest.approx(20 * 1.6, abs=1.5)
    assert canvas.undo_stack.count() == 2


def test_keys_draw_too(canvas):
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    for _ in range(6):
        QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    assert canvas.undo_stack.count() == 1
    assert canvas.grey()[160, 133] == 255


def test_clearing_takes_a_stroke_off_that_is_still_drawn(canvas, qtbot):
    QTest.mousePress(canvas, LEFT, pos=QPoint(200, 200))
    with qtbot.waitSignal(canvas.changed):
        canvas.clear()
    assert canvas.grey() is None
    QTest.mouseMove(canvas, QPoint(300, 300))
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(300, 300))
    assert canvas.drawing.empty
    assert not canvas.undo_stack.count()


def test_clearing_lifts_the_keys_pen(canvas, qtbot):
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Space, Qt.Key.Key_Down):
        QTest.keyClick(canvas, key)
    with qtbot.waitSignal(canvas.changed):
        canvas.clear()
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.grey() is None


def test_space_is_not_ours_before_an_arrow_key(canvas):
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    assert canvas.grey() is None


def test_picture_can_be_drawn_over_and_undone(canvas):
    picture = Picture(np.full((50, 50), 120, np.uint8), np.ones((28, 28, 1), np.uint8))
    canvas.put_picture(picture)
    assert canvas.bare_picture is picture
    drag(canvas, (60, 140), (220, 140))
    assert canvas.bare_picture is None
    assert canvas.grey()[140, 140] == 255
    assert canvas.grey()[20, 20] == 120
    canvas.undo_stack.undo()
    assert canvas.bare_picture is picture
    canvas.undo_stack.undo()
    assert canvas.grey() is None


def test_ink_is_white_on_black_on_the_screen(canvas):
    drag(canvas, (60, 140), (220, 140))
    seen = canvas.grab().toImage()
    assert seen.pixelColor(280, 280).lightness() == 255
    assert seen.pixelColor(280, 100).lightness() == 0
