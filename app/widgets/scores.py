"""Scores as bars: a large chart with exact values, and a small strip of the same shape for each backend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.figures import nice_ticks
from app.theme import mono, theme, tokens
from app.widgets.tiles import TipWidget

Scores = NDArray[np.float32]

LEFT, TOP, BOTTOM = 44, 18, 22
OTHERS = 0.43
"""How strong the bars of classes that did not win are."""


class ScoreStrip(QWidget):
    """One small bar a class, from the lowest score to the highest; the winner in the backend's colour."""

    def __init__(self, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self._scores: Scores | None = None
        self.setMinimumSize(50, 22)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_scores(self, scores: Scores | None) -> None:
        """Show scores float32 [classes], or an empty strip."""
        self._scores = scores
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(110, 22)

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = tokens()
        painter = QPainter(self)
        height = self.height()
        painter.fillRect(QRectF(0, height - 1, self.width(), 1), t.color("line"))
        if self._scores is not None and self._scores.size:
            low, high = float(self._scores.min()), float(self._scores.max())
            winner, step = int(self._scores.argmax()), self.width() / self._scores.size
            best, others = QColor(t.of_kind(self._kind)), t.blend("muted", OTHERS)
            for index, score in enumerate(self._scores.tolist()):
                tall = 2 + (height - 3) * ((score - low) / (high - low) if high > low else 1.0)
                color = best if index == winner else others
                painter.fillRect(QRectF(index * step, height - tall, max(1.0, step - 2), tall), color)
        painter.end()


class ScoreChart(TipWidget):
    """A bar for each class of one backend. Mouse or arrow keys tell the exact score. `painted` follows each paint."""

    painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Scores")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._names: tuple[str, ...] = tuple("0123456789")
        self._scores: Scores | None = None
        self._kind = "xnor"
        self._at: int | None = None
        theme().changed.connect(self.update)

    def set_names(self, names: tuple[str, ...]) -> None:
        """The class names along the axis; clears the bars."""
        self._names, self._scores, self._at = names, None, None
        self._tell()

    def show_scores(self, scores: Scores | None, kind: str) -> None:
        """Show scores float32 [classes] in the colour of a backend's kind, or empty axes."""
        self._scores, self._kind = scores, kind
        self._tell()

    def exact(self, index: int) -> str:
        """A class and its score, to the last bit of its float32."""
        assert self._scores is not None
        return f"{self._names[index]}: {self._scores[index]!s}"

    def _tell(self) -> None:
        if self._scores is None:
            self.setAccessibleDescription("No scores yet.")
        else:
            self.setAccessibleDescription(self.exact(int(self._scores.argmax()) if self._at is None else self._at))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 220)

    def _extent(self) -> tuple[float, float]:
        if self._scores is None or not self._scores.size:
            return 0.0, 1.0
        low, high = min(0.0, float(self._scores.min())), max(0.0, float(self._scores.max()))
        if low < 0:
            low -= 0.07 * (high - low)  # room for the figures under the bars
        return (low, high) if high > low else (0.0, 1.0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), tokens().color("surface"))
        painter.setFont(mono(8))
        low, high = self._extent()
        tall = self.height() - TOP - BOTTOM
        scale = tall / (high - low)
        self._paint_axes(painter, low, high, scale)
        if self._scores is not None:
            self._paint_bars(painter, low, scale)
        else:
            painter.setPen(tokens().color("muted"))
            where = QRectF(LEFT, TOP, self.width() - LEFT, tall)
            painter.drawText(where, Qt.AlignmentFlag.AlignCenter, "the score of every class\nwill appear here")
        painter.end()
        self.painted.emit()

    def _paint_axes(self, painter: QPainter, low: float, high: float, scale: float) -> None:
        t = tokens()
        base = self.height() - BOTTOM
        for tick in nice_ticks(low, high, 6) if self._scores is not None else [0.0]:
            y = base - (tick - low) * scale
            painter.setPen(QPen(t.color("muted" if tick == 0 else "line"), 1))
            painter.drawLine(LEFT, int(y), self.width(), int(y))
            painter.setPen(t.color("muted"))
            where = QRectF(0, y - 8, LEFT - 6, 16)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _text(tick, "g"))
        step = (self.width() - LEFT) / max(1, len(self._names))
        widest = max((painter.fontMetrics().horizontalAdvance(name) for name in self._names), default=1)
        every = max(1, int(np.ceil((widest + 6) / step)))
        winner = -1 if self._scores is None else int(self._scores.argmax())
        for index, name in enumerate(self._names):
            if index % every == 0 or index == winner:
                painter.setPen(t.color("text" if index == winner else "muted"))
                where = QRectF(LEFT + index * step - widest, base + 4, step + 2 * widest, BOTTOM - 4)
                painter.drawText(where, Qt.AlignmentFlag.AlignHCenter, name)

    def _paint_bars(self, painter: QPainter, low: float, scale: float) -> None:
        assert self._scores is not None
        t = tokens()
        zero = self.height() - BOTTOM + low * scale
        step = (self.width() - LEFT) / self._scores.size
        winner = int(self._scores.argmax())
        best, others = QColor(t.of_kind(self._kind)), t.blend("muted", OTHERS)
        texts = [_text(score, ".1f") for score in self._scores.tolist()]
        labelled = step >= max(painter.fontMetrics().horizontalAdvance(text) for text in texts) + 2
        for index, score in enumerate(self._scores.tolist()):
            color = best if index == winner else others
            left, tall = LEFT + index * step + step * 0.16, score * scale
            painter.fillRect(QRectF(left, zero - max(tall, 0), step * 0.68, max(1.0, abs(tall))), color)
            if labelled:
                above = zero - max(tall, 0) - 17 if score >= 0 else zero - tall + 1
                painter.setPen(t.color("text" if index == winner else "muted"))
                where = QRectF(LEFT + (index - 1) * step, above, 3 * step, 16)
                painter.drawText(where, Qt.AlignmentFlag.AlignCenter, texts[index])
            if index == self._at and self.hasFocus():
                painter.setPen(QPen(t.color("float_"), 1))
                painter.drawRect(QRectF(left - 3, TOP, step * 0.68 + 6, self.height() - TOP - BOTTOM))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if move is None or self._scores is None:
            super().keyPressEvent(event)
            return
        at = int(self._scores.argmax()) if self._at is None else self._at + move
        self._at = max(0, min(at, self._scores.size - 1))
        self._tell()

    def tip(self, event: QHelpEvent) -> str:
        if self._scores is None or event.x() < LEFT:
            return ""
        index = int((event.x() - LEFT) * self._scores.size / max(1, self.width() - LEFT))
        return self.exact(min(index, self._scores.size - 1))


def _text(value: float, how: str) -> str:
    return format(value, how).replace("-", "−")
