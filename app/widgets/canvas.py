"""The square that is drawn on: mouse, tablet or keys make strokes; every change can be undone."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPointingDevice,
    QTabletEvent,
    QUndoCommand,
    QUndoStack,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import RADIUS, mono, tokens
from app.widgets.ink import SIDE, Dot, Drawing, Grey, Picture, blank_sheet, grey_of, paint, paint_stroke

KEY_STEP = 7.0
FINE_STEP = 1.0
PEN_RANGE = (8, 44)
UNDO_LIMIT = 200

_ARROWS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}


class Change(QUndoCommand):
    """From one drawing to another: a stroke, a clearing, a picture."""

    def __init__(self, canvas: Canvas, text: str, after: Drawing) -> None:
        super().__init__(text)
        self._canvas, self._before, self._after = canvas, canvas.drawing, after

    def redo(self) -> None:
        self._canvas.show_drawing(self._after)

    def undo(self) -> None:
        self._canvas.show_drawing(self._before)


class Canvas(QWidget):
    """White ink on black, in both themes. `changed` carries the perf_counter time of the input that caused it.

    Lengths are in units of a square SIDE units wide, shown as large as there is room. The pressure of a tablet's pen
    gives the width; 0.5 gives `pen_width`. Keys: arrows move a cursor (Shift: finely), Space puts the pen down or
    lifts it, Esc lifts it and hides the cursor.
    """

    changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 200)
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("Draw with mouse, pen, or the arrow keys and Space to put the pen down.")
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.drawing = Drawing()
        self.pen_width = 20.0
        self._stroke: list[Dot] = []
        self._cursor: QPointF | None = None
        self._key_pen = False
        self._ring = False
        self._sheet = blank_sheet()
        self._backing: QPixmap | None = None

    # ------------------------------------------------------------ the drawing

    def grey(self) -> Grey | None:
        """What is drawn, u8 [SIDE, SIDE] with bright ink and no screen in between; None when nothing is."""
        if self.drawing.empty and not self._stroke:
            return None
        if not self._stroke:
            return grey_of(self._sheet)
        sheet = QImage(self._sheet)
        painter = QPainter(sheet)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_stroke(painter, self._stroke, QColor("white"))
        painter.end()
        return grey_of(sheet)

    @property
    def pen_down(self) -> bool:
        """Whether a stroke is being drawn."""
        return bool(self._stroke)

    @property
    def bare_picture(self) -> Picture | None:
        """The picture that was opened, as long as nothing is drawn over it."""
        return None if self.drawing.strokes or self._stroke else self.drawing.picture

    def show_drawing(self, drawing: Drawing) -> None:
        """Put up a drawing, leaving the undo stack as it is; the stack's commands call this."""
        began = time.perf_counter()
        self.drawing = drawing
        self._sheet = blank_sheet()
        painter = QPainter(self._sheet)
        paint(painter, drawing)
        painter.end()
        self._backing = None
        self.update()
        self.changed.emit(began)

    def clear(self) -> None:
        """Take everything off; can be undone, but for a stroke that is still being drawn."""
        unfinished = self._drop_stroke()
        if not self.drawing.empty:
            self.undo_stack.push(Change(self, "clear", Drawing()))
        elif unfinished:
            self.show_drawing(self.drawing)

    def put_picture(self, picture: Picture) -> None:
        """Show a picture in place of the drawing; can be undone."""
        self._drop_stroke()
        self.undo_stack.push(Change(self, "picture", Drawing(picture=picture)))

    def replace_picture(self, before: Picture, after: Picture) -> None:
        """Put the same picture, prepared anew, in the place of what was prepared before; nothing that is undone."""
        if self.drawing.picture is before:
            self.show_drawing(Drawing(self.drawing.strokes, after))

    def add_stroke(self, stroke: Sequence[Dot]) -> None:
        """Draw a whole stroke; can be undone."""
        self.undo_stack.push(Change(self, "stroke", self.drawing.drawn(stroke)))

    # ------------------------------------------------------------ strokes

    def _drop_stroke(self) -> bool:
        """Lift the pen, mouse's or keys', and forget what it was drawing; whether that was anything."""
        unfinished, self._stroke = bool(self._stroke), []
        self._key_pen = False
        return unfinished

    def _begin(self, at: QPointF, width: float) -> None:
        self._stroke = []
        self._extend(at, width)

    def _extend(self, at: QPointF, width: float) -> None:
        began = time.perf_counter()
        self._stroke.append(Dot(at.x(), at.y(), width))
        self.update()
        self.changed.emit(began)

    def _finish(self) -> None:
        if self._stroke:
            stroke, self._stroke = self._stroke, []
            self.add_stroke(stroke)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._hide_cursor()
            self._begin(self._units(event.position()), self.pen_width)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._stroke:
            self._extend(self._units(event.position()), self.pen_width)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._finish()

    def tabletEvent(self, event: QTabletEvent) -> None:
        at = self._units(event.position())
        width = self.pen_width
        if event.pointerType() == QPointingDevice.PointerType.Pen:
            width *= 0.4 + 1.2 * event.pressure()
        if event.type() == QEvent.Type.TabletPress:
            self._hide_cursor()
            self._begin(at, width)
        elif event.type() == QEvent.Type.TabletMove and self._stroke:
            self._extend(at, width)
        elif event.type() == QEvent.Type.TabletRelease:
            self._finish()
        event.accept()

    # ------------------------------------------------------------ keys

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus to those who came by keyboard; a pen needs no ring around the sheet."""
        self._ring = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._ring = False
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = _ARROWS.get(Qt.Key(event.key()))
        if direction is not None:
            fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._move_cursor(direction * (FINE_STEP if fine else KEY_STEP))
        elif event.key() == Qt.Key.Key_Space and self._cursor is not None:
            self._toggle_pen(self._cursor)
        elif event.key() == Qt.Key.Key_Escape and self._cursor is not None:
            self._hide_cursor()
        else:
            super().keyPressEvent(event)

    def _move_cursor(self, by: QPointF) -> None:
        at = (self._cursor or QPointF(SIDE / 2, SIDE / 2)) + by
        self._cursor = QPointF(min(max(at.x(), 0.0), SIDE), min(max(at.y(), 0.0), SIDE))
        if self._key_pen:
            self._extend(self._cursor, self.pen_width)
        self.update()

    def _toggle_pen(self, at: QPointF) -> None:
        self._key_pen = not self._key_pen
        if self._key_pen:
            self._begin(at, self.pen_width)
        else:
            self._finish()

    def _hide_cursor(self) -> None:
        if self._key_pen:
            self._toggle_pen(QPointF())
        self._cursor = None
        self.update()

    # ------------------------------------------------------------ geometry and painting

    def sizeHint(self) -> QSize:
        return QSize(460, 460)

    def square(self) -> QRectF:
        """Where the sheet lies in the widget."""
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _units(self, position: QPointF) -> QPointF:
        square = self.square()
        return (position - square.topLeft()) * (SIDE / square.width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        square = self.square()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("black"))
        painter.drawRoundedRect(square, RADIUS, RADIUS)
        if self.drawing.empty and not self._stroke:
            self._paint_invitation(painter, square)
        painter.drawPixmap(square.topLeft(), self._finished(square))
        painter.save()
        self._to_units(painter, square)
        painter.setClipRect(QRectF(0, 0, SIDE, SIDE))
        if self._stroke:
            paint_stroke(painter, self._stroke, QColor("white"))
        if self._cursor is not None:
            self._paint_cursor(painter, self._cursor)
        painter.restore()
        if self._ring:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tokens().color("float_"), 1))
            painter.drawRoundedRect(square.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.end()

    def _finished(self, square: QRectF) -> QPixmap:
        """The finished strokes at the screen's own resolution, kept until they or the size change."""
        ratio = self.devicePixelRatioF()
        wanted = (square.size() * ratio).toSize()
        if self._backing is None or self._backing.size() != wanted:
            self._backing = QPixmap(wanted)
            self._backing.setDevicePixelRatio(ratio)
            self._backing.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._backing)
            self._to_units(painter, QRectF(QPointF(), square.size()))
            paint(painter, self.drawing)
            painter.end()
        return self._backing

    @staticmethod
    def _to_units(painter: QPainter, square: QRectF) -> None:
        painter.translate(square.topLeft())
        painter.scale(square.width() / SIDE, square.height() / SIDE)

    def _paint_cursor(self, painter: QPainter, at: QPointF) -> None:
        color = QColor(tokens().flip)
        painter.setBrush(color if self._key_pen else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 1.5))
        painter.drawEllipse(at, self.pen_width / 2, self.pen_width / 2)

    @staticmethod
    def _paint_invitation(painter: QPainter, square: QRectF) -> None:
        """What to do here, in place of ink."""
        guide = QRectF(0, 0, square.width() * 0.42, square.height() * 0.62)
        guide.moveCenter(square.center())
        painter.setPen(QPen(QColor(255, 255, 255, 60), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(guide, 24, 24)
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        painter.setFont(font)
        painter.setPen(QColor("#E9EBEF"))
        painter.drawText(guide.adjusted(0, 0, 0, -24), Qt.AlignmentFlag.AlignCenter, "Draw a digit")
        painter.setFont(mono(9))
        painter.setPen(QColor("#98A1AE"))
        painter.drawText(guide.adjusted(0, 40, 0, 24), Qt.AlignmentFlag.AlignCenter, "mouse, pen\nor arrow keys")
