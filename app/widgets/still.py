"""A picture of what a widget paints, kept while it stands still."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget


class Still:
    """What `paint` paints of a widget, painted once and copied until it is forgotten or the widget has another size."""

    def __init__(self, widget: QWidget, paint: Callable[[QPainter], None]) -> None:
        self._widget, self._paint = widget, paint
        self._picture: QPixmap | None = None

    def forget(self) -> None:
        """Have it painted anew the next time."""
        self._picture = None

    def draw(self, painter: QPainter) -> None:
        """Copy the picture onto the widget."""
        painter.drawPixmap(0, 0, self.picture())

    def picture(self) -> QPixmap:
        """The picture, painted now where it is not there."""
        ratio = self._widget.devicePixelRatioF()
        size = QSize(*(math.ceil(side * ratio) for side in self._widget.size().toTuple()))
        if self._picture is None or self._picture.size() != size:
            self._picture = QPixmap(size)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill("transparent")
            onto = QPainter(self._picture)
            self._paint(onto)
            onto.end()
        return self._picture
