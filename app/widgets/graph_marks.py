"""The marks of nodes: colour for the class, shape for what it is; all of them drawn in one call from one picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from app.theme import tokens
from app.widgets.graph_scene import Points, class_color

SIDE = 14
"""Pixels of the cell of a mark of size 1."""
SMALLEST = 0.5
COLORS = 8
SHAPES = ("right", "wrong", "training", "unknown")
"""A disc, a cross, a square, a ring; also the rows of the picture."""
SIGNS = {"right": "●", "wrong": "✕", "training": "■", "unknown": "○"}


def kinds(
    shown: NDArray[np.integer],
    labels: NDArray[np.integer],
    training: NDArray[np.bool_],
    read: NDArray[np.integer] | None,
) -> NDArray[np.int64]:
    """Marks [nodes]: the colour of the class `shown`, the shape by what is read of a node; None for nothing yet."""
    shape = np.zeros(labels.size, np.int64)
    if read is not None:
        shape[(read != labels) & (labels >= 0)] = SHAPES.index("wrong")
    shape[training] = SHAPES.index("training")
    shape[labels < 0] = SHAPES.index("unknown")
    marks: NDArray[np.int64] = shape * COLORS + np.maximum(shown, 0) % COLORS
    return marks


def size(pixels: float) -> float:
    """The size of marks that lie so many pixels apart: 1 where there is room, and no less than SMALLEST."""
    return round(min(max(pixels / SIDE, SMALLEST), 1.0), 1)


class Marks:
    """Draws marks from a picture of all kinds, made when marks of another size or for another screen are drawn."""

    def __init__(self) -> None:
        self._atlas: QPixmap | None = None
        self._form = (1.0, 1.0)
        self._held = PrimitiveArray(QPainter.PixmapFragment, 10)

    def forget(self) -> None:
        """Other colours: make the picture anew."""
        self._atlas = None

    def draw(self, painter: QPainter, at: Points, marks: NDArray[np.int64], size: float) -> None:
        """Marks [n] of a size at pixels [n, 2]."""
        ratio = painter.device().devicePixelRatio()
        if self._atlas is None or self._form != (size, ratio):
            self._atlas, self._form = _atlas(size, ratio), (size, ratio)
        side = _side(size, ratio)
        self._held.resize(len(at))
        fragments = self._held.ndarray()
        fragments[:, :2] = at
        fragments[:, 2], fragments[:, 3] = marks % COLORS * side, marks // COLORS * side
        fragments[:, 4:6] = side
        fragments[:, 6:8] = 1 / ratio
        fragments[:, 8:] = (0, 1)
        if len(at):
            painter.drawPixmapFragments(*self._held.drawargs(), self._atlas)  # type: ignore[call-arg]  # by pointer


def _side(size: float, ratio: float) -> int:
    """Pixels of a cell of the picture."""
    return round(SIDE * size * ratio)


def _atlas(size: float, ratio: float) -> QPixmap:
    side, t = _side(size, ratio), tokens()
    made = QPixmap(COLORS * side, len(SHAPES) * side)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for row, shape in enumerate(SHAPES):
        for column in range(COLORS):
            painter.save()
            painter.translate((column + 0.5) * side, (row + 0.5) * side)
            painter.scale(size * ratio, size * ratio)
            color = class_color(column, t)
            painter.setPen(QPen(color, 2.2) if shape in ("wrong", "unknown") else QPen(t.color("surface"), 0.8))
            painter.setBrush(Qt.BrushStyle.NoBrush if shape == "unknown" else color)
            _draw_shape(painter, shape)
            painter.restore()
    painter.end()
    return made


def _draw_shape(painter: QPainter, shape: str) -> None:
    """One mark about the origin."""
    if shape == "wrong":
        painter.drawLine(QPointF(-3.4, -3.4), QPointF(3.4, 3.4))
        painter.drawLine(QPointF(-3.4, 3.4), QPointF(3.4, -3.4))
    elif shape == "training":
        painter.drawRect(QRectF(-4.5, -4.5, 9, 9))
    else:
        radius = 2.4 if shape == "unknown" else 3.2
        painter.drawEllipse(QPointF(0, 0), radius, radius)
