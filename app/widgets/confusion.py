"""The confusion matrix: which class was taken for which; the right ones stand apart on the diagonal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.figures import percent
from app.theme import mono, theme, tokens
from app.widgets.still import Still

MARGIN = 15.0
"""Room for the class names at the left and below."""
NUMBERS_FROM = (24.0, 15.0)
"""Width and height of a cell from which counts are written into it."""

DARK, LIGHT = QColor("#0C0D10"), QColor("#E9EBEF")
"""Figures on light cells, and on dark ones."""

CIVIDIS = np.array(
    [(0, 34, 78), (18, 53, 112), (59, 73, 108), (87, 93, 109), (112, 113, 115), (138, 134, 120), (165, 156, 116),
     (195, 179, 105), (254, 232, 56)], np.float64,
)  # fmt: skip
"""Nine even stops of the cividis colour map, which reads the same to colour-blind eyes."""


class ConfusionMatrix(QWidget):
    """Rows are the true class, columns what it was taken for; any number of classes.

    Mistakes are coloured by their share of the true class, as a square root against the commonest mistake, so that
    rare ones show; the diagonal has a colour of its own. `read` gives the cell under the pointer (or under the arrow
    keys) in words, "" for none.
    """

    read = Signal(str)

    def __init__(self, empty: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._empty = empty
        self._counts: NDArray[np.int64] | None = None
        self._names: tuple[str, ...] = ()
        self._longest = 0.0  # pixels of the longest name
        self._colors: NDArray[np.uint8] | None = None
        self._at: tuple[int, int] | None = None
        self._still = Still(self)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Confusion matrix of the test set")
        self.setAccessibleDescription(empty)
        theme().changed.connect(self._recolor)

    def sizeHint(self) -> QSize:
        return QSize(200, 140)

    def set_counts(self, counts: NDArray[np.int64] | None, names: tuple[str, ...] = ()) -> None:
        """Show counts int64 [classes, classes]; names: of the classes, or their numbers where they do not fit."""
        if counts is self._counts:
            return
        self._counts = counts
        classes = 0 if counts is None else len(counts)
        self._names = names if len(names) == classes else tuple(map(str, range(classes)))
        metrics = QFontMetricsF(mono(7.5))
        self._longest = max((metrics.horizontalAdvance(name) for name in self._names), default=0.0)
        self.setAccessibleDescription(self._summary())
        self._recolor()

    def describe(self, true: int, taken: int) -> str:
        """One cell in words, e.g. "3 taken for 5: 12 of 1,010"."""
        if self._counts is None:
            return ""
        count, total = int(self._counts[true, taken]), int(self._counts[true].sum())
        if true == taken:
            share = f" ({percent(count / total)})" if total else ""
            return f"{self._names[true]} recognised: {count:,} of {total:,}{share}"
        return f"{self._names[true]} taken for {self._names[taken]}: {count:,} of {total:,}"

    def _summary(self) -> str:
        if self._counts is None:
            return self._empty
        wrong = self._counts - np.diag(np.diag(self._counts))
        total, mistakes = int(self._counts.sum()), int(wrong.sum())
        worst = np.unravel_index(int(wrong.argmax()), wrong.shape) if wrong.size else (0, 0)
        most = f" Most often {self.describe(int(worst[0]), int(worst[1]))}." if mistakes else ""
        return f"{total - mistakes:,} of {total:,} right.{most}"

    # ------------------------------------------------------------ geometry

    def cell(self, true: int, taken: int) -> QRectF:
        """Where a cell lies in the widget."""
        classes = max(1, len(self._names) or 10)
        width, height = (self.width() - self._left) / classes, (self.height() - MARGIN) / classes
        return QRectF(self._left + taken * width, true * height, width, height)

    @property
    def _left(self) -> float:
        """Pixels for the names at the left: what the longest takes, up to a quarter of the width."""
        return max(MARGIN, min(self._longest + 5, self.width() / 4))

    def _under(self, position: QPointF) -> tuple[int, int] | None:
        first, classes = self.cell(0, 0), len(self._names)
        true, taken = int(position.y() / first.height()), int((position.x() - self._left) // first.width())
        return (true, taken) if 0 <= true < classes and 0 <= taken < classes else None

    # ------------------------------------------------------------ painting

    def color(self, true: int, taken: int) -> QColor:
        """The colour of a cell."""
        return tokens().color("raised") if self._colors is None else QColor(*self._colors[true, taken].tolist())

    def _recolor(self) -> None:
        self._colors = None if self._counts is None else _colors(self._counts)
        self._still.forget()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._still.draw(painter, self._paint)
        if self._counts is not None and self._at is not None:
            painter.setPen(QPen(tokens().color("text"), 2))
            painter.drawRect(self.cell(*self._at).adjusted(0, 0, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(tokens().color("float_"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        """What stands still: names and cells, or the words of an empty matrix."""
        classes = len(self._names) or 10
        painter.fillRect(self.rect(), tokens().color("surface"))
        painter.setFont(mono(7.5))
        self._paint_names(painter, classes)
        self._paint_cells(painter, classes)
        if self._counts is None:
            painter.setFont(self.font())
            painter.setPen(tokens().color("muted"))
            centered = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(int(self._left) + 8, 0, -8, -int(MARGIN)), centered, self._empty)

    def _paint_cells(self, painter: QPainter, classes: int) -> None:
        first = self.cell(0, 0)
        across, down = first.width(), first.height()
        gap = 1 if down >= 5 else 0
        first.setSize(QSizeF(across - gap, down - gap))
        numbers = across >= NUMBERS_FROM[0] and down >= NUMBERS_FROM[1]
        metrics = painter.fontMetrics()
        digit, rise = metrics.horizontalAdvance("0"), (down - gap + metrics.capHeight()) / 2
        counts = np.zeros((classes, classes), int) if self._counts is None else self._counts
        for true, row in enumerate(counts.tolist()):
            for taken, count in enumerate(row):
                color, square = self.color(true, taken), first.translated(taken * across, true * down)
                painter.fillRect(square, color)
                if numbers and count:
                    painter.setPen(DARK if color.lightnessF() > 0.42 else LIGHT)
                    text = str(count)
                    painter.drawText(QPointF(square.center().x() - len(text) * digit / 2, square.top() + rise), text)

    def _paint_names(self, painter: QPainter, classes: int) -> None:
        painter.setPen(tokens().color("muted"))
        names = self._names or tuple(map(str, range(classes)))
        room, metrics = max(1, int(self.cell(0, 0).width() // 7)), QFontMetricsF(painter.font())
        for index, name in enumerate(names):
            row, below = self.cell(index, 0), self.cell(classes - 1, index)
            left = QRectF(0, row.top(), self._left - 3, row.height())
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, left.width())
            painter.drawText(left, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
            under = QRectF(below.left(), self.height() - MARGIN, below.width(), MARGIN)
            painter.drawText(under, Qt.AlignmentFlag.AlignCenter, name[:room])

    # ------------------------------------------------------------ mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._look_at(self._under(event.position()))
        if self._at is not None and self._counts is not None:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(*self._at), self)

    def leaveEvent(self, _event: QEvent) -> None:
        self._look_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None or self._counts is None:
            event.ignore()
            return
        last = len(self._names) - 1
        true, taken = (0, 0) if self._at is None else (self._at[0] + move[0], self._at[1] + move[1])
        self._look_at((min(max(true, 0), last), min(max(taken, 0), last)))

    def _look_at(self, cell: tuple[int, int] | None) -> None:
        if cell != self._at:
            self._at = cell
            self.read.emit(self.describe(*cell) if cell is not None else "")
            self.update()


def _colors(counts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Red, green and blue of each cell, [classes, classes, 3]."""
    t = tokens()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.diag(shares)
    most = float((shares - np.diag(right)).max()) or 1.0
    colors = _cividis(np.minimum(shares / most, 1) ** 0.5)
    places = np.arange(len(counts))
    weight = (0.15 + 0.75 * right**2)[:, None]
    colors[places, places] = _rgb(t.color("surface")) * (1 - weight) + _rgb(t.color("xnor")) * weight
    return np.rint(colors).astype(np.uint8)


def _cividis(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    at = shares * (len(CIVIDIS) - 1)
    low = np.minimum(at.astype(np.int64), len(CIVIDIS) - 2)
    colors: NDArray[np.float64] = CIVIDIS[low] + (CIVIDIS[low + 1] - CIVIDIS[low]) * (at - low)[..., None]
    return colors


def _rgb(color: QColor) -> NDArray[np.float64]:
    return np.array([color.red(), color.green(), color.blue()], np.float64)
