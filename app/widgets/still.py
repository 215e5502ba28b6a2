"""A picture of what a widget paints, kept while it stands still."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget

Paint = Callable[[QPainter], None]


class Still:
    """What is painted of a widget once, and copied until it is forgotten or the widget has another size.

    What paints it is given each time, not kept: so the widget is not kept alive by its own picture.
    """

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._picture: QPixmap | None = None

    def forget(self, *_why: object) -> None:
        """Have it painted anew the next time; a slot of any signal."""
        self._picture = None

    def draw(self, painter: QPainter, paint: Paint) -> None:
        """Copy the picture onto the widget."""
        painter.drawPixmap(0, 0, self.picture(paint))

    def picture(self, paint: Paint) -> QPixmap:
        """The picture, painted now where it is not there."""
        ratio = self._widget.devicePixelRatioF()
        size = QSize(*(math.ceil(side * ratio) for side in self._widget.size().toTuple()))
        if self._picture is None or self._picture.size() != size:
            self._picture = QPixmap(size)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill("transparent")
            onto = QPainter(self._picture)
            paint(onto)
            onto.end()
        return self._picture
