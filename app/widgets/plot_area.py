"""What is under every plot: a pyqtgraph view between two axes, kept as a picture while its data stand still.

`pg.PlotWidget` makes two more axes and a menu of some hundred widgets for each plot, which would be most of what the
window holds, and of what opening a page or changing the theme costs.
"""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGraphicsGridLayout, QWidget

from app.widgets.still import Still

Ticks = list[list[tuple[float, str]]]


class StillAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis that is laid out once for each of its ranges."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._told: Ticks | None = None

    def setTicks(self, ticks: Ticks | None) -> None:
        """Figures and where they are; nothing is laid out or painted anew where they are the same."""
        if ticks is None or ticks != self._told:
            self._told = ticks
            super().setTicks(ticks)


class PlotArea(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """A view box with an axis to its left and one below. Neither the mouse nor the data move its view.

    Axes, items and foreground are painted once and copied until something of them changes; `paint_under` and
    `paint_over` paint what moves more often, as lines that grow, or one under the pointer.

    Attributes:
        view: the view box; items are in its coordinates.
        left, bottom: its axes.
        ground: the colour behind all.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setBackground(None)
        self.ground = QColor()
        self._still = Still(self.viewport())
        self.view = pg.ViewBox(enableMenu=False, enableMouse=False)
        self.view.disableAutoRange()
        self.left, self.bottom = StillAxis("left"), StillAxis("bottom")
        self._grid = QGraphicsGridLayout()
        self._grid.setSpacing(0)
        self._grid.addItem(self.left, 0, 0)
        self._grid.addItem(self.view, 0, 1)
        self._grid.addItem(self.bottom, 1, 1)
        self._grid.setRowStretchFactor(0, 1)
        self._grid.setColumnStretchFactor(1, 1)
        for axis in (self.left, self.bottom):
            axis.linkToView(self.view)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=3, tickTextOffset=3)
        whole = pg.GraphicsWidget()
        whole.setLayout(self._grid)
        self.setCentralItem(whole)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.scene().changed.connect(self._still.forget)

    def set_margins(self, left: float, top: float, right: float, bottom: float) -> None:
        """Pixels left free around axes and view."""
        self._grid.setContentsMargins(left, top, right, bottom)

    def redraw(self) -> None:
        """Paint everything anew: something changed that is not an item of the view."""
        self._still.forget()
        self.viewport().update()

    def rehearse(self) -> None:
        """Paint what will be copied, before it is shown."""
        self._still.picture(self._paint)

    def paint_under(self, painter: QPainter) -> None:
        """Paint what lies under axes, items and foreground, in pixels: what moves most, as lines that grow."""

    def paint_over(self, painter: QPainter) -> None:
        """Paint what lies over them."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self.ground)
        self.paint_under(painter)
        self._still.draw(painter, self._paint)
        self.paint_over(painter)
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        whole = self.viewport().rect()
        self.render(painter, QRectF(whole), whole)

    def area(self) -> QRectF:
        """Where the view is, in pixels."""
        place: QRectF = self.view.sceneBoundingRect()
        return place

    def to_pixels(self, x: float, y: float) -> QPointF:
        """The pixel of a place in the view's coordinates."""
        place: QPointF = self.view.mapViewToScene(QPointF(x, y))
        return place

    def from_pixels(self, place: QPointF) -> QPointF:
        """The place in the view's coordinates of a pixel."""
        found: QPointF = self.view.mapSceneToView(place)
        return found
