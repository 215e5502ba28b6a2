"""The list of kept runs: name and accuracy, what it was and how it went, and a box that lays its curves over others."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app import run_words
from app.theme import mono, theme, tokens
from app.widgets.overlay import DASHES, LETTERS, paint_of
from app.widgets.runs_model import LETTER, LIVE, ROW, RunsModel
from engine.messages.runs import RunRow

Index = QModelIndex | QPersistentModelIndex

HEIGHT = 50
BOX = QRect(10, 14, 22, 22)
"""Where in a row the box is that compares it."""
CURVE = QSize(74, 18)
LEFT, RIGHT = 44, 12
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)
LEAST_SPAN = 0.02
"""A curve's height stands for at least so much accuracy, so that noise is not drawn as drama."""


class RunDelegate(QStyledItemDelegate):
    """Paints one row."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(320, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: RunRow = index.data(ROW)
        rect: QRect = option.rect
        state = option.state
        t = tokens()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(t.color("float_"), 1) if state & QStyle.StateFlag.State_HasFocus else Qt.PenStyle.NoPen)
            painter.setBrush(t.color("raised"))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), 6, 6)
        _paint_box(painter, QRectF(BOX.translated(rect.topLeft())), index.data(LETTER))
        self._paint_words(painter, option, row, live=index.data(LIVE))
        _paint_curve(painter, QRectF(rect.right() - RIGHT - CURVE.width(), rect.top() + 27, CURVE.width(), 17), row)
        painter.restore()

    def _paint_words(self, painter: QPainter, option: QStyleOptionViewItem, row: RunRow, *, live: bool) -> None:
        t, middle = tokens(), Qt.AlignmentFlag.AlignVCenter
        rect: QRect = option.rect
        first = QRect(rect.left() + LEFT, rect.top() + 5, rect.width() - LEFT - RIGHT, 20)
        second = QRect(first.left(), rect.top() + 26, first.width() - CURVE.width() - 10, 18)
        broken = row.config is None
        value = "⚠ cannot be read" if broken else "–" if row.accuracy is None else f"{100 * row.accuracy:.2f} %"
        painter.setFont(mono(10))
        painter.setPen(t.color("warning" if broken else "xnor" if row.accuracy is not None else "muted"))
        painter.drawText(first, Qt.AlignmentFlag.AlignRight | middle, value)
        room = painter.fontMetrics().horizontalAdvance(value) + 12
        font = option.font
        font.setBold(bool(row.title))
        painter.setFont(font)
        painter.setPen(t.color("text"))
        name = f"{'● ' if live else ''}{run_words.title(row)}"
        painter.drawText(first, Qt.AlignmentFlag.AlignLeft | middle, _elided(painter, name, first.width() - room))
        font.setBold(False)
        font.setPointSizeF(font.pointSizeF() * 0.9)
        painter.setFont(font)
        painter.setPen(t.color("muted"))
        said = ("under way · " if live else "") + run_words.summary(row)
        painter.drawText(second, Qt.AlignmentFlag.AlignLeft | middle, _elided(painter, said, second.width()))


class RunsList(QListView):
    """`compared` (key, on), `opened`, `deletion_asked`, `renaming_asked` (key) are what a person wants of a run.

    Up and Down go through the list, Space compares, Enter opens, F2 renames, Delete deletes.
    """

    compared = Signal(str, bool)
    opened = Signal(str)
    deletion_asked = Signal(str)
    renaming_asked = Signal(str)

    def __init__(self, runs: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self.setModel(runs)
        self.setItemDelegate(RunDelegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Kept runs")
        self.setAccessibleDescription("Space compares, Enter opens, F2 renames, Delete deletes.")
        theme().changed.connect(self.viewport().update)

    @property
    def current_key(self) -> str:
        """The run that is selected, or ""."""
        index = self.currentIndex()
        return str(index.data(ROW).key) if index.isValid() else ""

    def select(self, key: str) -> None:
        """Select a run if it is shown, else the first one, if there is one."""
        found = self._runs.find(key)
        self.setCurrentIndex(found if found.isValid() else self._runs.index(0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        asked = {
            Qt.Key.Key_Return: self.opened,
            Qt.Key.Key_Enter: self.opened,
            Qt.Key.Key_Delete: self.deletion_asked,
            Qt.Key.Key_F2: self.renaming_asked,
        }.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Space:
            self._toggle(self.currentIndex())
        elif asked is not None and self.current_key:
            asked.emit(self.current_key)
        elif event.key() in MOVES:
            super().keyPressEvent(event)
        else:
            event.ignore()  # letters are the page's

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self._box(index).contains(event.position().toPoint()):
            self._toggle(index)
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and not self._box(index).contains(event.position().toPoint()):
            self.opened.emit(index.data(ROW).key)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            index = self.indexAt(event.position().toPoint())
            over = index.isValid() and self._box(index).contains(event.position().toPoint())
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
        return super().viewportEvent(event)

    def _box(self, index: Index) -> QRect:
        """Where the box of a row can be hit: a little more than the box."""
        return BOX.adjusted(-8, -8, 8, 8).translated(self.visualRect(index).topLeft())

    def _toggle(self, index: Index) -> None:
        if index.isValid() and index.data(ROW).config is not None:
            self.compared.emit(index.data(ROW).key, index.data(LETTER) < 0)


def _paint_box(painter: QPainter, box: QRectF, letter: int) -> None:
    """Empty, or the run's letter in its colour over a piece of its line."""
    t = tokens()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(t.color("muted", 140), 1))
    if letter < 0:
        painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), 4, 4)
        return
    color = QColor(paint_of(letter)(t))
    painter.setPen(QPen(color, 1.4))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
    painter.setFont(mono(9.5))
    painter.drawText(box.adjusted(0, 0, 0, -5), Qt.AlignmentFlag.AlignCenter, LETTERS[letter])
    painter.setPen(QPen(color, 1, DASHES[letter]))
    painter.drawLine(QPointF(box.left() + 3, box.bottom() - 4.5), QPointF(box.right() - 3, box.bottom() - 4.5))


def _paint_curve(painter: QPainter, box: QRectF, row: RunRow) -> None:
    """The accuracies of a run, small."""
    values = row.curve
    if len(values) < 2:
        return
    low, high = min(values), max(values)
    low = min(low, high - LEAST_SPAN)
    at = [
        QPointF(
            box.left() + i * box.width() / (len(values) - 1), box.bottom() - (v - low) / (high - low) * box.height()
        )
        for i, v in enumerate(values)
    ]
    painter.setPen(QPen(tokens().color("xnor", 200), 1))  # a wider one is slow with antialiasing
    painter.drawPolyline(at)


def _elided(painter: QPainter, text: str, width: int) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
