"""The picture that the network sees, every pixel a square."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import theme, tokens
from app.widgets.squares import Pixels, rgb, squares
from app.widgets.still import Still
from app.widgets.tiles import TipWidget
from engine.messages import Image


class Sight(TipWidget):
    """An image u8 [H, W, C] in squares, or an empty grid of the model's shape; the tip tells a pixel's value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(84, 84)
        self.setAccessibleName("What the network sees")
        self._shape = (28, 28)
        self._image: Image | None = None
        self._lines = Still(self)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme().changed.connect(self._recolor)

    def set_shape(self, height: int, width: int) -> None:
        """How many squares there are while nothing is shown."""
        self._shape = (height, width)
        self._lines.forget()
        self.update()

    def show_image(self, image: Image | None) -> None:
        """Show an image u8 [H, W, C], or nothing."""
        self._image = image
        if image is not None and self._shape != image.shape[:2]:
            self.set_shape(int(image.shape[0]), int(image.shape[1]))
        self.setAccessibleDescription(self.summary())
        self.update()

    def summary(self) -> str:
        """One sentence about the picture."""
        if self._image is None:
            return "Nothing is drawn yet."
        height, width = self._shape
        inked = float((self._image > 0).any(axis=2).mean())
        return f"{height} by {width} pixels, {inked:.0%} with ink."

    def sizeHint(self) -> QSize:
        return QSize(140, 140)

    def grid(self) -> tuple[QRectF, float]:
        """Where the squares lie, and the side of one, in whole pixels where there is room for one."""
        height, width = self._shape
        side = min(self.width() / width, self.height() / height)
        side = float(int(side)) if side >= 1 else side
        left = self.width() - width * side
        return QRectF(round(left / 2), round((self.height() - height * side) / 2), width * side, height * side), side

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = tokens()
        where, side = self.grid()
        painter = QPainter(self)
        painter.fillRect(self.rect(), t.color("surface"))
        if self._image is None:
            painter.fillRect(where, t.color("bit_off"))
        elif side >= 1:
            painter.drawImage(where.topLeft(), squares(_pixels(self._image), int(side)))
        else:
            painter.drawImage(where, rgb(_pixels(self._image)))
        if side >= 4:
            self._lines.draw(painter, self._paint_lines)
        painter.end()

    def _paint_lines(self, painter: QPainter) -> None:
        where, side = self.grid()
        painter.setPen(QPen(tokens().color("muted", 60), 1))
        for row in range(self._shape[0] + 1):
            y = int(where.top() + row * side)
            painter.drawLine(int(where.left()), y, int(where.right()), y)
        for column in range(self._shape[1] + 1):
            x = int(where.left() + column * side)
            painter.drawLine(x, int(where.top()), x, int(where.bottom()))

    def _recolor(self) -> None:
        self._lines.forget()
        self.update()

    def tip(self, event: QHelpEvent) -> str:
        where, side = self.grid()
        if self._image is None or not where.contains(event.pos()):
            return ""
        row, column = int((event.y() - where.top()) / side), int((event.x() - where.left()) / side)
        row, column = min(row, self._shape[0] - 1), min(column, self._shape[1] - 1)
        values = ", ".join(str(int(v)) for v in self._image[row, column])
        return f"row {row}, column {column}: {values}"


def _pixels(image: Image) -> Pixels:
    colored = image.shape[2] in (3, 4)
    red, green, blue = (image[:, :, k].astype(np.uint32) for k in range(3)) if colored else (_grey(image),) * 3
    pixels: Pixels = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    return pixels


def _grey(image: Image) -> Pixels:
    grey: Pixels = image.mean(axis=2).astype(np.uint32)
    return grey
