"""A graph on a plane: edges in a picture that moves while one pans and is drawn anew at rest, nodes in one call."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy

from app.theme import theme, tokens
from app.widgets.graph_marks import Marks, size
from app.widgets.graph_scene import MARGIN, GraphScene, Points
from app.widgets.tiles import TipWidget

REACH = 9
"""Pixels from a node within which it is meant."""
REST = 70
"""Milliseconds after the last move until the edges are drawn anew."""
AROUND = 0.5
"""The edges' picture reaches so much of the widget's sides beyond it, so that panning finds edges there."""
STEP = 1.25
"""Of the zoom, for a notch of the wheel or a key."""


class GraphMap(TipWidget):
    """One colouring of a scene's nodes. `chosen` carries the node that was clicked."""

    chosen = Signal(int)

    def __init__(self, name: str, scene: GraphScene, empty: str) -> None:
        super().__init__()
        self._scene, self._empty = scene, empty
        self._marks = Marks()
        self._kinds: NDArray[np.int64] = np.empty(0, np.int64)
        self._describe: Callable[[int], str] = str
        self._edges: QPixmap | None = None
        self._drawn = (1.0, (0.0, 0.0))
        self._grab: QPointF | None = None
        self._dragged = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._forget_edges)
        self.setAccessibleName(name)
        self.setAccessibleDescription(empty)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        scene.moved.connect(self._forget_edges)
        scene.looked.connect(self._look)
        scene.chose.connect(self.update)
        theme().changed.connect(self._recolor)

    def show_nodes(self, kinds: NDArray[np.int64], summary: str) -> None:
        """Draw nodes as these marks (graph_marks.kinds) [nodes]; summary: what is seen, in a sentence."""
        self._kinds = kinds
        self.setAccessibleDescription(summary)
        self.update()

    def say_nodes(self, describe: Callable[[int], str]) -> None:
        """What puts a node in words, for its tip."""
        self._describe = describe

    def sizeHint(self) -> QSize:
        return QSize(380, 320)

    # ------------------------------------------------------------ where things are

    def positions(self, offset: tuple[float, float] = (0, 0)) -> Points:
        """Nodes in pixels [nodes, 2]."""
        at = np.array(self._scene.center)
        middle = np.array([self.width() / 2 + offset[0], self.height() / 2 + offset[1]])
        moved: Points = (self._scene.places - at) * self._scale + middle
        return moved

    def node_at(self, where: QPointF) -> int | None:
        """The node under a place of the widget."""
        if not len(self._scene.places):
            return None
        away = np.hypot(*(self.positions() - (where.x(), where.y())).T)
        node = int(away.argmin())
        return node if away[node] <= REACH else None

    @property
    def _scale(self) -> float:
        """Pixels a unit of the layout."""
        return MARGIN * min(self.width(), self.height()) / 2 * self._scene.zoom

    @property
    def _size(self) -> float:
        """Of the marks, by how far apart nodes would lie if they were spread evenly."""
        return size(1.5 * self._scale / max(1, len(self._scene.places)) ** 0.5)

    # ------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = tokens()
        painter = QPainter(self)
        if not len(self._scene.places):
            painter.setPen(t.color("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 8, -12, -8), flags, self._empty)
            return
        self._paint_edges(painter)
        at = self.positions()
        if len(self._kinds) == len(at):
            self._marks.draw(painter, at, self._kinds, self._size)
        self._paint_chosen(painter, at)

    def _paint_edges(self, painter: QPainter) -> None:
        if self._edges is None:
            self._draw_edges()
        assert self._edges is not None
        zoom, center = self._drawn
        grown = self._scene.zoom / zoom
        whole = QPointF(self.width() * (1 + 2 * AROUND) * grown, self.height() * (1 + 2 * AROUND) * grown)
        shift = [(old - new) * self._scale for old, new in zip(center, self._scene.center, strict=True)]
        corner = QPointF(self.width() / 2 + shift[0], self.height() / 2 + shift[1]) - whole / 2
        if grown == 1:
            painter.drawPixmap(corner.toPoint(), self._edges)  # whole pixels: a plain copy
        else:
            painter.drawPixmap(QRectF(corner, corner + whole), self._edges, QRectF(self._edges.rect()))

    def _draw_edges(self) -> None:
        """Make the edges' picture for the part that is looked at."""
        shape, ratio = self._scene.shape, self.devicePixelRatio()
        assert shape is not None
        across, down = (round(side * (1 + 2 * AROUND)) for side in (self.width(), self.height()))
        self._edges = QPixmap(round(across * ratio), round(down * ratio))
        self._edges.setDevicePixelRatio(ratio)
        self._edges.fill(Qt.GlobalColor.transparent)
        self._drawn = (self._scene.zoom, self._scene.center)
        at = self.positions(offset=(self.width() * AROUND, self.height() * AROUND))
        lines = np.concatenate([at[shape.edges[0]], at[shape.edges[1]]], axis=1)
        painter = QPainter(self._edges)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._scene.zoom > 2)
        painter.setPen(QPen(tokens().color("line"), 1))
        _draw_lines(painter, lines[_in_sight(lines, across, down)])
        painter.end()

    def _paint_chosen(self, painter: QPainter, at: Points) -> None:
        """The chosen node, its edges, and a ring about those whose codes are nearest."""
        node = self._scene.chosen
        if node is None:
            return
        t = tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        near = self._scene.neighbours(node)
        painter.setPen(QPen(t.color("text"), 1.5))
        _draw_lines(painter, np.concatenate([np.broadcast_to(at[node], (near.size, 2)), at[near]], axis=1))
        if len(self._kinds) == len(at):
            self._marks.draw(painter, at[near], self._kinds[near], self._size)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(t.color("flip"), 2))
        for x, y in at[self._scene.nearest].tolist():
            painter.drawEllipse(QPointF(x, y), 7, 7)
        painter.setPen(QPen(t.color("text"), 2))
        painter.drawEllipse(QPointF(*at[node]), 10, 10)

    def _forget_edges(self) -> None:
        self._edges = None
        self.update()

    def _recolor(self) -> None:
        self._marks.forget()
        self._forget_edges()

    def _look(self) -> None:
        self._rest.start()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget_edges()

    # ------------------------------------------------------------ looking about

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._zoom(STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grab, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grab is None:
            return
        moved = event.position() - self._grab
        if self._dragged or moved.manhattanLength() > 4:
            self._dragged, self._grab = True, event.position()
            self._pan(moved.x(), moved.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        node = None if self._grab is None or self._dragged else self.node_at(event.position())
        self._grab = None
        if node is not None:
            self.chosen.emit(node)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.node_at(event.position()) is None:
            self._scene.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows pan, plus and minus zoom, 0 shows everything, Page Up and Down go from node to node."""
        key, count = Qt.Key(event.key()), len(self._scene.places)
        pans = {Qt.Key.Key_Left: (40, 0), Qt.Key.Key_Right: (-40, 0), Qt.Key.Key_Up: (0, 40), Qt.Key.Key_Down: (0, -40)}
        walks = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        zooms = {Qt.Key.Key_Plus: STEP, Qt.Key.Key_Equal: STEP, Qt.Key.Key_Minus: 1 / STEP}
        if not count:
            event.ignore()
        elif key in pans:
            self._pan(*pans[key])
        elif key in zooms:
            self._zoom(zooms[key], QPointF(self.rect().center()))
        elif key in walks:
            here = -1 if self._scene.chosen is None else self._scene.chosen
            self.chosen.emit((here + walks[key]) % count)
        elif key == Qt.Key.Key_0:
            self._scene.fit()
        else:
            event.ignore()

    def tip(self, event: QHelpEvent) -> str:
        node = self.node_at(QPointF(event.pos()))
        return "" if node is None else self._describe(node)

    def _pan(self, x: float, y: float) -> None:
        across, down = self._scene.center
        self._scene.look(self._scene.zoom, (across - x / self._scale, down - y / self._scale))

    def _zoom(self, by: float, about: QPointF) -> None:
        """Zoom with the place under a point staying where it is."""
        before, zoom = self._scale, self._scene.zoom
        x, y = about.x() - self.width() / 2, about.y() - self.height() / 2
        across, down = (one + off / before for one, off in zip(self._scene.center, (x, y), strict=True))
        self._scene.look(zoom * by, self._scene.center)
        self._scene.look(self._scene.zoom, (across - x / self._scale, down - y / self._scale))


def _in_sight(lines: Points, width: int, height: int) -> NDArray[np.bool_]:
    """Which lines [n, 4] may cross a picture: those that lie on one side of it do not."""
    low, high = np.minimum(lines[:, :2], lines[:, 2:]), np.maximum(lines[:, :2], lines[:, 2:])
    seen: NDArray[np.bool_] = np.all((high >= 0) & (low <= (width, height)), axis=1)
    return seen


def _draw_lines(painter: QPainter, lines: Points) -> None:
    """Lines [n, 4], handed over in one call."""
    held = PrimitiveArray(QLineF, 4)
    held.resize(len(lines))
    held.ndarray()[:] = lines
    if len(lines):
        painter.drawLines(*held.drawargs())
