"""How many inputs have each class: a bar a class on a logarithmic scale, the exact number beside it."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import mono, theme, tokens

NAME, MOST_ROW = 34, 26


class ClassCounts(QWidget):
    """Whole numbers of any size; that of one class, the robust one, in the network's colour."""

    def __init__(self, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self._names: tuple[str, ...] = ()
        self._counts: tuple[int, ...] = ()
        self._robust = ""
        self.setAccessibleName("Inputs of each class")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        theme().changed.connect(self.update)

    def show_counts(self, names: tuple[str, ...], counts: tuple[int, ...], robust: str, empty: str = "") -> None:
        """Show a count for each name; none, and why, where there are no counts."""
        self._names, self._counts, self._robust = names, counts, robust
        self._empty = empty or self._empty
        told = (f"{name}: {count:,}" for name, count in zip(names, counts, strict=False) if count)
        self.setAccessibleDescription(", ".join(told) or self._empty)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, 240)

    def paintEvent(self, _event: QPaintEvent) -> None:
        t, painter = tokens(), QPainter(self)
        painter.setFont(mono(9))
        if not self._counts:
            painter.setPen(t.color("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), flags, self._empty)
        row = min(MOST_ROW, self.height() / max(1, len(self._counts)))
        room = painter.fontMetrics().horizontalAdvance(f"{max(self._counts, default=0):,}") + 10
        whole = math.log1p(sum(self._counts))
        for index, (name, count) in enumerate(zip(self._names, self._counts, strict=False)):
            top, robust = index * row, name == self._robust
            painter.setPen(t.color("text" if robust or count else "muted"))
            painter.drawText(
                QRectF(0, top, NAME - 8, row), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name
            )
            long = max(0.0, self.width() - NAME - room) * math.log1p(count) / (whole or 1)
            painter.fillRect(QRectF(NAME, top + row * 0.2, long, row * 0.6), t.color("xnor" if robust else "flip"))
            where = QRectF(NAME + long + 6, top, room, row)
            painter.drawText(where, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{count:,}")
        painter.end()
