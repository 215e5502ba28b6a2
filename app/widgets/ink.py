"""Ink as vectors: dots, strokes, the picture under them, and how they become grey pixels. No widget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

SIDE = 280
"""Side of the square that is drawn on, in units; also its side in pixels when it is rendered for the network."""

Grey = NDArray[np.uint8]
Fit = tuple[str, tuple[int, int, int]]
"""Preparation and input shape of models: what a picture is brought to."""


@dataclass(frozen=True)
class Dot:
    """One position of the pen, in units of the canvas, and the width of the line there."""

    x: float
    y: float
    width: float


Stroke = tuple[Dot, ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was opened: grey u8 [h, w] for showing (ink bright) and u8 [H, W, C], what is predicted.

    image: None where there is no digit on it. path: its file. fits: what models it was prepared for; None where
    nobody said.
    """

    grey: Grey
    image: Grey | None
    path: str = ""
    fits: Fit | None = None


@dataclass(frozen=True)
class Drawing:
    """All that is on the canvas. Immutable, so that undoing is going back to an earlier one."""

    strokes: tuple[Stroke, ...] = ()
    picture: Picture | None = None

    @property
    def empty(self) -> bool:
        return not self.strokes and self.picture is None

    def drawn(self, stroke: Sequence[Dot]) -> Drawing:
        """This drawing with one stroke more."""
        return Drawing((*self.strokes, tuple(stroke)), self.picture)


def pieces(stroke: Sequence[Dot]) -> Iterator[tuple[QPainterPath, float]]:
    """The smooth line through a stroke: quadratic curves from mid-point to mid-point, the dots as control points.

    Yields paths and their widths; neighbouring pieces of one width come as a single path.
    """
    path, width = QPainterPath(_point(stroke[0])), stroke[0].width
    for before, dot in pairwise(stroke):
        if abs(before.width - width) > 0.25:
            yield _visible(path), width
            path, width = QPainterPath(path.currentPosition()), before.width
        path.quadTo(_point(before), (_point(before) + _point(dot)) / 2)
    path.lineTo(_point(stroke[-1]))
    yield _visible(path), width


def paint_stroke(painter: QPainter, stroke: Sequence[Dot], color: QColor) -> None:
    """Paint a stroke with round ends; the painter is scaled to units of the canvas and antialiases."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for path, width in pieces(stroke):
        pen = QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)


def paint(painter: QPainter, drawing: Drawing) -> None:
    """Paint picture and strokes; the painter is scaled to units of the canvas."""
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    if drawing.picture is not None:
        image = grey_image(drawing.picture.grey)
        scale = SIDE / max(image.width(), image.height())
        width, height = image.width() * scale, image.height() * scale
        painter.drawImage(QRectF((SIDE - width) / 2, (SIDE - height) / 2, width, height), image)
    for stroke in drawing.strokes:
        paint_stroke(painter, stroke, QColor("white"))


def blank_sheet() -> QImage:
    """A black square of SIDE pixels a side, whatever the screen's pixel ratio."""
    sheet = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    sheet.fill(Qt.GlobalColor.black)
    return sheet


def grey_of(sheet: QImage) -> Grey:
    """The grey levels u8 [SIDE, SIDE] of a sheet; a copy."""
    octets = np.frombuffer(sheet.constBits(), np.uint8).reshape(SIDE, SIDE, 4)
    return octets[:, :, 0].copy()


def grey_image(grey: Grey) -> QImage:
    """A picture u8 [h, w] for Qt; a copy."""
    grey = np.ascontiguousarray(grey)
    height, width = grey.shape
    return QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8).copy()


def _visible(path: QPainterPath) -> QPainterPath:
    """Qt paints no line without length: a pen that was only put down gets a little of it."""
    if path.boundingRect().isNull():
        path.lineTo(path.currentPosition() + QPointF(0.01, 0.0))
    return path


def _point(dot: Dot) -> QPointF:
    return QPointF(dot.x, dot.y)
