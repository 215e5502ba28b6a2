"""A picture in bits with some of them marked: crosses on those that changed, rings on those that matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPen

from app.theme import tokens
from app.widgets.sight import Sight

Bits = NDArray[np.bool_]


class MarkedBits(Sight):
    """A Sight of bits bool [H, W]. crossed, ringed: bool [H, W], by shape as well as colour."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._crossed: Bits | None = None
        self._ringed: Bits | None = None

    def show_bits(self, bits: Bits | None, crossed: Bits | None = None, ringed: Bits | None = None) -> None:
        """Show bits, or nothing."""
        self._crossed, self._ringed = crossed, ringed
        self.show_image(None if bits is None else np.where(bits, np.uint8(255), np.uint8(0))[..., np.newaxis])

    def summary(self) -> str:
        """One sentence about the picture and one about its marks."""
        said = super().summary()
        if self._crossed is not None:
            said += f" {np.count_nonzero(self._crossed)} changed."
        if self._ringed is not None:
            said += f" {np.count_nonzero(self._ringed)} marked."
        return said

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for where in self._places(self._ringed):
            painter.setPen(QPen(tokens().color("float_"), max(1.5, where.width() / 8)))
            painter.drawEllipse(where)
        for where in self._places(self._crossed):
            painter.setPen(QPen(tokens().color("flip"), max(1.5, where.width() / 6)))
            painter.drawLine(where.topLeft(), where.bottomRight())
            painter.drawLine(where.topRight(), where.bottomLeft())
        painter.end()

    def _places(self, marked: Bits | None) -> list[QRectF]:
        if marked is None:
            return []
        whole, side = self.grid()
        inset = side * 0.2
        corners = ((whole.left() + column * side, whole.top() + row * side) for row, column in np.argwhere(marked))
        return [QRectF(x + inset, y + inset, side - 2 * inset, side - 2 * inset) for x, y in corners]
