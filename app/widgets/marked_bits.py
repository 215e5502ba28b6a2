"""A picture in bits with some of them marked: crosses on those that changed, rings on those that matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen

from app.theme import tokens
from app.widgets.sight import Sight

Bits = NDArray[np.bool_]


class MarkedBits(Sight):
    """A Sight of bits bool [H, W], or words where there are none. crossed, ringed: bool [H, W], by shape and colour."""

    def __init__(self, name: str, empty: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._crossed: Bits | None = None
        self._ringed: Bits | None = None
        self.show_nothing(empty)

    def show_bits(self, bits: Bits, crossed: Bits | None = None, ringed: Bits | None = None) -> None:
        """Show bits."""
        self._crossed, self._ringed = crossed, ringed
        self.show_image(np.where(bits, np.uint8(255), np.uint8(0))[..., np.newaxis])

    def show_nothing(self, why: str) -> None:
        """No bits, and why."""
        self._crossed = self._ringed = None
        self._empty = why
        self.show_image(None)

    def summary(self) -> str:
        """One sentence about the picture and one about its marks."""
        if self._image is None:
            return self._empty
        said = super().summary()
        if self._crossed is not None:
            said += f" {np.count_nonzero(self._crossed)} changed."
        if self._ringed is not None:
            said += f" {np.count_nonzero(self._ringed)} marked."
        return said

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            painter = QPainter(self)
            painter.fillRect(self.rect(), tokens().color("surface"))
            painter.setPen(tokens().color("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
            return
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
