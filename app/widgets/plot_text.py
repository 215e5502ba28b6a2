"""What is written on a plot: the names of its axes, its legend, the figures under the pointer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from app.theme import tokens

TITLE_ROW = 19
"""Pixels over the curves for the name of the y axis and the legend."""

Named = Sequence[tuple[str, str]]
"""Texts, each with its colour."""


def axis_names(painter: QPainter, area: QRectF, height: float, x: str, y: str) -> None:
    """y over its axis; x in the corner left of its figures, or within the plot where it is too long for that.

    area: of the curves, on a plot of that height.
    """
    painter.setPen(tokens().color("muted"))
    left, top = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignTop
    painter.drawText(QRectF(0, 0, area.right(), TITLE_ROW), left | top, y)
    corner = QRectF(0, area.bottom() + 4, area.left() - 2, height - area.bottom() - 4)
    if QFontMetricsF(painter.font()).horizontalAdvance(x) <= corner.width():
        painter.drawText(corner, left | top, x)
    else:
        inside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.drawText(area.adjusted(4, 0, -2, -1), inside, x)


def legend(painter: QPainter, right: float, title: str, named: Named) -> None:
    """The curves' names in one row over them, where there is more than one, right of the y axis's title."""
    metrics = QFontMetricsF(painter.font())
    room = right - metrics.horizontalAdvance(title) - 10
    shown = fitting(lambda name: metrics.horizontalAdvance(name) + 10, room, named) if len(named) > 1 else []
    for name, color in reversed(shown):
        width = metrics.horizontalAdvance(name) + 10
        painter.setPen(QColor(color))
        painter.drawText(QRectF(right - width, 0, width, TITLE_ROW), Qt.AlignmentFlag.AlignRight, name)
        right -= width


def fitting(width: Callable[[str], float], room: float, named: Named) -> list[tuple[str, str]]:
    """Where room is short the first words of the names, and of many the first and the last."""
    shown = list(named)
    if sum(width(name) for name, _ in shown) > room:
        shown = [(name.split()[0], color) for name, color in shown]
    if sum(width(name) for name, _ in shown) > room:
        shown = [shown[0], ("…", tokens().muted), shown[-1]]
    return shown


def reading(painter: QPainter, area: QRectF, lines: Named) -> None:
    """Figures in the upper right corner of the curves, one a line."""
    if not lines:
        return
    metrics = QFontMetricsF(painter.font())
    width = max(metrics.horizontalAdvance(text) for text, _ in lines) + 10
    box = QRectF(area.right() - width - 2, area.top() + 1, width, metrics.height() * len(lines) + 4)
    painter.fillRect(box, tokens().color("surface", 215))
    for row, (text, color) in enumerate(lines):
        painter.setPen(QColor(color))
        line = QRectF(box.left(), box.top() + 2 + row * metrics.height(), box.width() - 5, metrics.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, text)
