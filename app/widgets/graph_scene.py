"""A graph as its maps show it: where nodes are, what they are, how near one looks; shared by maps side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from app.theme import Tokens
from engine.labs.graph import GraphShape

Points = NDArray[np.float64]
Nodes = NDArray[np.int64]

DARK_CLASSES = ("#56B4E9", "#E69F00", "#1FB58A", "#CC79A7", "#F0E442", "#E0703A", "#B9A7F0", "#98A1AE")
LIGHT_CLASSES = ("#0072B2", "#B87400", "#008562", "#A8507F", "#8A7D00", "#C4431B", "#6A52C0", "#5B6472")
NEAREST_ZOOM, FARTHEST_ZOOM = 40.0, 0.5
MARGIN = 0.94
"""Share of a map's half side that the layout takes when everything is in sight."""


def class_color(index: int, t: Tokens) -> QColor:
    """The colour of a class, of which there are eight; Okabe-Ito hues."""
    colors = DARK_CLASSES if t.dark else LIGHT_CLASSES
    return QColor(colors[index % len(colors)])


class GraphScene(QObject):
    """`moved`: nodes have other places. `looked`: zoom or centre changed. `chose`: another node, or others near it."""

    moved = Signal()
    looked = Signal()
    chose = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.shape: GraphShape | None = None
        self.places: Points = np.empty((0, 2))
        self.zoom = 1.0
        self.center = (0.0, 0.0)
        self.chosen: int | None = None
        self.nearest: Nodes = np.empty(0, np.int64)

    def show_graph(self, shape: GraphShape | None) -> None:
        """Another graph, whose nodes have no places yet; None for nothing."""
        self.shape, self.places = shape, np.empty((0, 2))
        self.chosen, self.nearest = None, np.empty(0, np.int64)
        self.fit()
        self.moved.emit()
        self.chose.emit()

    def place(self, places: NDArray[np.float32]) -> None:
        """Nodes are there now, [nodes, 2] within +-1."""
        self.places = places.astype(np.float64)
        self.moved.emit()

    def fit(self) -> None:
        """Bring everything in sight."""
        self.zoom, self.center = 1.0, (0.0, 0.0)
        self.looked.emit()

    def look(self, zoom: float, center: tuple[float, float]) -> None:
        """Look at another part."""
        self.zoom = min(max(zoom, FARTHEST_ZOOM), NEAREST_ZOOM)
        self.center = (min(max(center[0], -1.0), 1.0), min(max(center[1], -1.0), 1.0))
        self.looked.emit()

    def choose(self, node: int | None, nearest: Nodes | None = None) -> None:
        """Mark a node and those whose codes are nearest."""
        self.chosen, self.nearest = node, np.empty(0, np.int64) if nearest is None else nearest
        self.chose.emit()

    def neighbours(self, node: int) -> Nodes:
        """The nodes that a node has an edge to."""
        if self.shape is None:
            return np.empty(0, np.int64)
        first, second = self.shape.edges
        return np.sort(np.concatenate([second[first == node], first[second == node]])).astype(np.int64)
