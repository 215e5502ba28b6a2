"""Two maps of one graph side by side, what either network reads in every node, and what the marks mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.theme import GAP, theme, tokens
from app.why import explain
from app.widgets.card import Card, label
from app.widgets.graph_map import GraphMap
from app.widgets.graph_marks import SIGNS, kinds
from app.widgets.graph_scene import GraphScene, class_color
from engine.graph.recipes import TITLES
from engine.labs.graph import PARTS, GraphEpoch, GraphShape, Series

EMPTY = "Press Run: the graph is laid out here, and its nodes take colours as the network learns."
FIRST: dict[Series, str] = {"network": "Binarized", "twin": "Float"}


class GraphMaps(QWidget):
    """`chosen` carries a node that was clicked in either map."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.scene = GraphScene()
        self._read: dict[Series, GraphEpoch] = {}
        self._names: dict[Series, str] = {}
        self._by_class = False
        self.maps: dict[Series, GraphMap] = {}
        self._cards: dict[Series, Card] = {}
        for series, title in FIRST.items():
            self.maps[series] = GraphMap(f"Graph: {title.lower()}", self.scene, EMPTY)
            self._cards[series] = self._card(series, title)
        self.legend = label("", "muted")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self._lay_out()
        theme().changed.connect(self._say_legend)

    @property
    def shape(self) -> GraphShape | None:
        """The graph that is shown."""
        return self.scene.shape

    def begin(self, models: Mapping[Series, str]) -> None:
        """A run of these models begins."""
        self._read, self._names = {}, {series: TITLES[model] for series, model in models.items()}
        for series, card in self._cards.items():
            card.title.setText(f"{FIRST[series]}: {self._names[series]}" if series in self._names else FIRST[series])
            card.set_hint("")
        self.scene.show_graph(None)
        self._say_legend()

    def show_graph(self, shape: GraphShape) -> None:
        """The graph of the run."""
        self.scene.show_graph(shape)
        for series in self._names:
            self._cards[series].hint.say("not trained yet: coloured by class", "by class as yet")
        self._say_legend()
        self._refresh()

    def show_epoch(self, seen: GraphEpoch) -> None:
        """What a network reads in every node now."""
        self._read[seen.series] = seen
        when = "" if seen.final else f", epoch {seen.epoch} of {seen.epochs}"
        share = f"{100 * seen.accuracies['test']:.1f} %"
        self._cards[seen.series].hint.say(
            f"{share} of the test nodes right{when}", f"{share} right{when}", f"{share} right", share
        )
        self._refresh()

    def color_by_class(self, by_class: bool) -> None:
        """Colour nodes by their own class, or by what is read."""
        self._by_class = by_class
        self._refresh()

    def read(self, series: Series) -> GraphEpoch | None:
        """What a network was last seen to read."""
        return self._read.get(series)

    def _refresh(self) -> None:
        shape = self.shape
        if shape is None:
            return
        training = shape.part == PARTS.index("training")
        for series, one in self.maps.items():
            seen = self._read.get(series)
            read = None if seen is None else seen.predictions
            shown = shape.labels if self._by_class or read is None else read
            one.show_nodes(kinds(shown, shape.labels, training, read), self._summary(shape, seen))
            one.say_nodes(_describer(shape, read))

    def _summary(self, shape: GraphShape, seen: GraphEpoch | None) -> str:
        nodes = f"{shape.title}: {shape.labels.size:,} nodes, {shape.edges.shape[1]:,} edges."
        if seen is None:
            return f"{nodes} Nothing is read yet."
        known = shape.labels >= 0
        wrong = int(np.count_nonzero(seen.predictions[known] != shape.labels[known]))
        return f"{nodes} {wrong:,} are read wrong and crossed."

    def _say_legend(self) -> None:
        shape = self.shape
        if shape is None:
            self.legend.setText("Drag to pan, wheel to zoom, click a node.")
            return
        colors = [class_color(i, tokens()).name() for i in range(len(shape.class_names))]
        pairs = zip(colors, shape.class_names, strict=True)
        classes = " &nbsp; ".join(
            f'<span style="color:{c}">■</span>&nbsp;{name.replace(" ", "&nbsp;")}' for c, name in pairs
        )
        marks = "&nbsp; ".join(f"{SIGNS[shape]}&nbsp;{words}" for shape, words in _MARKS.items())
        self.legend.setText(f"{classes} &nbsp;|&nbsp; {marks}")

    # ------------------------------------------------------------ making it

    def _card(self, series: Series, title: str) -> Card:
        card = Card(title)
        card.body.addWidget(self.maps[series], 1)
        one = self.maps[series]
        one.chosen.connect(self.chosen)
        bits = "binarized network, as packed bits read it" if series == "network" else "same network in float32"
        explain(
            card,
            f"Every node of the graph, in the colour of the class that the {bits}; crosses are wrong and squares were "
            "learned from. Nodes with an edge between them pull each other near, all others push.",
            "Share of the test nodes that are read right, in %, by the first seed's network; of those in a run the "
            "one with the lowest validation loss is kept.",
            "graphs",
        )
        return card

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for card in self._cards.values():
            row.addWidget(card, 1)
        column.addLayout(row, 1)
        column.addWidget(self.legend)
        self._say_legend()


_MARKS = {"right": "right", "wrong": "read wrong", "training": "learned from"}


def _describer(shape: GraphShape, read: NDArray[np.int16] | None) -> Callable[[int], str]:
    """What puts a node in words."""
    names = (*shape.class_names, "class not known")

    def describe(node: int) -> str:
        said = "" if read is None else f", read as {names[read[node]]}"
        return f"node {node}: {names[shape.labels[node]]}{said}"

    return describe
