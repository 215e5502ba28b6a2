"""The strip of kept drawings: thumbnails with what they are, and whether the model in use reads them right."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.session import Session
from app.theme import mono, tokens
from app.tray import Drawing

TILE, SPACE, WORDS = 36, 6, 14
"""Pixels: side of a thumbnail, what lies between two, and height of the words under one."""
EMPTY = "Draw a digit, then press its key, 0 to 9: it is kept here."


class TrayStrip(QWidget):
    """One tab stop. Left and Right walk, Shift takes along, Ctrl+A takes all; a digit relabels what is chosen, Delete
    takes it out, Ctrl+Z undoes. `chosen_changed` when others are chosen.
    """

    chosen_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._tray = session, session.tray
        self.chosen: set[int] = set()
        self._shown = self._tray.drawings
        self._at, self._anchor, self._first = 0, 0, 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Your drawings")
        self._tray.changed.connect(self._changed)
        for signal in (self._tray.read, session.model_changed):
            signal.connect(self._describe)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(300, TILE + WORDS + 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * (TILE + SPACE), TILE + WORDS + 6)

    # ------------------------------------------------------------ what is shown

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._go_to(self._at)

    @property
    def room(self) -> int:
        """How many thumbnails there is room for."""
        return max(1, (self.width() + SPACE - 4) // (TILE + SPACE))

    def place(self, index: int) -> QRectF:
        """Where a thumbnail lies."""
        return QRectF(2 + (index - self._first) * (TILE + SPACE), 2, TILE, TILE)

    def words(self, index: int) -> str:
        """A drawing in words: what it is, what is read, and what it is kept for."""
        one = self._tray.drawings[index]
        said = self._tray.reading(self._session.model_key, one)
        read = "not read yet" if said is None else "read right" if said == one.label else f"read as {said}"
        use = "for the test alone" if one.test else "to train on"
        return f"drawing {index + 1} of {len(self._tray.drawings)}: a {one.label}, {read}; {use}"

    def _changed(self) -> None:
        """Go to what was added; where places have moved, those drawings stay chosen that were."""
        before, self._shown = self._shown, self._tray.drawings
        grown = len(self._shown) - len(before)
        if grown:
            same = {id(before[index]) for index in self.chosen}
            self._choose({index for index, one in enumerate(self._shown) if id(one) in same})
        self._go_to(len(self._shown) - 1 if grown > 0 else self._at)
        self._anchor = self._at
        self._describe()

    def _describe(self) -> None:
        tally = self._tray.tally(self._session.model_key)
        about = f"{tally.count} drawings, {tally.right} of {tally.read} read right. " if tally.count else EMPTY
        at = f"At {self.words(self._at)}." if self._at < tally.count else ""
        self.setAccessibleDescription(about + at)
        self.update()

    def _go_to(self, index: int) -> None:
        """Have a thumbnail in sight."""
        count = len(self._tray.drawings)
        self._at = max(0, min(index, count - 1))
        self._first = min(max(self._first, self._at - self.room + 1), self._at)
        self._first = max(0, min(self._first, count - self.room))

    def _choose(self, chosen: set[int]) -> None:
        if chosen != self.chosen:
            self.chosen = chosen
            self.chosen_changed.emit()

    # ------------------------------------------------------------ keys and mouse

    def event(self, event: QEvent) -> bool:
        """Ctrl+Z and Delete are the strip's while it has the keys, not the canvas's."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self._index(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), EMPTY if index is None else self.words(index), self)
            return True
        return super().event(event)

    @staticmethod
    def _is_own(event: QKeyEvent) -> bool:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        return event.key() == Qt.Key.Key_Delete or (control and event.key() in (Qt.Key.Key_Z, Qt.Key.Key_A))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = event.key(), len(self._tray.drawings)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        steps = {Qt.Key.Key_Left: self._at - 1, Qt.Key.Key_Right: self._at + 1, Qt.Key.Key_Home: 0,
                 Qt.Key.Key_End: count - 1}  # fmt: skip
        if Qt.Key(key) in steps and count:
            self._walk(steps[Qt.Key(key)], extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Delete:
            self._tray.remove(self.chosen)
        elif control and key == Qt.Key.Key_Z:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            (self._tray.redo if shift else self._tray.undo)()
        elif control and key == Qt.Key.Key_A:
            self._choose(set(range(count)))
        elif self.chosen and not control and event.text() and event.text() in "0123456789":
            self._tray.relabel(self.chosen, int(event.text()))
        else:
            super().keyPressEvent(event)
        self._describe()

    def _walk(self, index: int, *, extend: bool) -> None:
        self._go_to(index)
        self._anchor = self._anchor if extend else self._at
        low, high = sorted((self._anchor, self._at))
        self._choose(set(range(low, high + 1)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index(event.position())
        if index is None:
            self._choose(set())
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._go_to(index)
            self._choose(self.chosen ^ {index})
        else:
            self._walk(index, extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        self._describe()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().x() or event.angleDelta().y()
        count = len(self._tray.drawings)
        self._first = max(0, min(self._first - (turn > 0) + (turn < 0), count - self.room))
        self.update()

    def _index(self, at: QPointF) -> int | None:
        index = self._first + int((at.x() - 2) // (TILE + SPACE))
        return index if 0 <= index < min(len(self._tray.drawings), self._first + self.room) else None

    # ------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._tray.drawings:
            painter.setPen(tokens().color("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, EMPTY)
        for index in range(self._first, min(len(self._tray.drawings), self._first + self.room)):
            self._paint_tile(painter, index, self._tray.drawings[index])

    def _paint_tile(self, painter: QPainter, index: int, one: Drawing) -> None:
        t, where = tokens(), self.place(index)
        image = QImage(one.image.tobytes(), 28, 28, 28, QImage.Format.Format_Grayscale8)
        painter.drawImage(where, image)
        if index in self.chosen:
            painter.setPen(QPen(t.color("float_"), 2))
            painter.drawRect(where)
        elif index == self._at and self.hasFocus():
            painter.setPen(QPen(t.color("text"), 1))
            painter.drawRect(where)
        if one.test:
            painter.fillRect(QRectF(where.right() - 12, where.top(), 12, 12), t.color("twin"))
            painter.setPen(t.color("background") if t.dark else t.color("surface"))
            painter.setFont(mono(7))
            painter.drawText(QRectF(where.right() - 12, where.top(), 12, 12), Qt.AlignmentFlag.AlignCenter, "T")
        said = self._tray.reading(self._session.model_key, one)
        mark = "" if said is None else " ✓" if said == one.label else f" ✗{said}"
        painter.setPen(t.color("muted" if said is None else "xnor" if said == one.label else "warning"))
        painter.setFont(mono(8))
        below = QRectF(where.left() - 3, where.bottom() + 1, where.width() + 6, WORDS + 2)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{one.label}{mark}")
