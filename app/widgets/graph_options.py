"""What the graph lab trains on which graph: its choices, as a request."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QPushButton

from app.session import Session
from app.widgets.fetch_row import FetchRow
from app.widgets.lab_options import LabOptions, spin
from app.widgets.pickers import picker
from app.widgets.segmented import Segmented
from engine.datasets import catalogue
from engine.graph.published import TITLES
from engine.graph.recipes import BINARY_MODELS
from engine.graph.recipes import TITLES as MODEL_TITLES
from engine.labs.graph import BITS, LENGTHS, MOST_BITS, RunGraph

SEEDS, MOST_SEEDS = 3, 100
PREDICTED, CLASSES = "predicted", "classes"


class GraphOptions(LabOptions):
    """The choices of RunGraph, and how its nodes are coloured."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.graph, self.network = picker("Graph"), picker("Network")
        self.network.setMinimumContentsLength(14)
        for model in BINARY_MODELS:
            self.network.addItem(MODEL_TITLES[model], model)
        self.own = QPushButton("Open…")
        self.own.setAccessibleName("Open a graph of your own")
        self.own.setToolTip("A graph of your own, as .npz; what is read: docs/graph.md")
        self.own.clicked.connect(lambda: self._ask_file())
        self.bits = spin("Bits of a node's code", 1, MOST_BITS, BITS)
        self.seeds = spin("Seeds to train from", 1, MOST_SEEDS, SEEDS)
        self.lengths = QCheckBox(f"codes of {LENGTHS[0]} … {LENGTHS[-1]} bits too")
        self.lengths.setToolTip(
            "Trains networks with codes of many lengths, from every seed: takes several times as long"
        )
        choices = ((PREDICTED, "as read", lambda t: t.xnor), (CLASSES, "by class", lambda t: t.text))
        self.colors = Segmented("How nodes are coloured", choices)
        self.colors.select(PREDICTED)
        self.add_rows(
            (("graph", self.graph), ("", self.own), ("network", self.network), ("bits", self.bits)),
            (("seeds", self.seeds), ("", self.lengths), ("nodes", self.colors)),
        )
        self.fetch = FetchRow(session, "labs")
        self.layout().addWidget(self.fetch)  # type: ignore[union-attr]  # a LabOptions has one
        self.fetch.fetched.connect(self.refresh_graphs)
        self.graph.currentIndexChanged.connect(self._offer)
        self.refresh_graphs()

    def request(self) -> RunGraph:
        """What these choices ask for. Raises NotFetched."""
        name = self.graph.currentData()
        state = self._states.get(name)
        if state is not None and not state.ready:
            raise catalogue.fetchable(name).missing()
        lengths = LENGTHS if self.lengths.isChecked() else ()
        model, bits, seeds = self.network.currentData(), self.bits.value(), self.seeds.value()
        return RunGraph(name, model, bits, seeds, lengths=lengths, layout=True)

    def refresh_graphs(self) -> None:
        """Look again which graphs are there."""
        self._states = {state.name: state for state in catalogue.graph_states()}
        for name, title in TITLES.items():
            state = self._states.get(name)
            self._list(title if state is None or state.ready else f"{title} · to be fetched", name)
        self._offer()
        self.changed.emit()

    def open_graph(self, path: str) -> None:
        """Take a graph of one's own."""
        self._list(Path(path).stem, path)
        self.graph.setCurrentIndex(self.graph.findData(path))

    def _list(self, title: str, name: str) -> None:
        """Call a graph so in the list, to which it is added where it is not there yet."""
        at = self.graph.findData(name)
        if at < 0:
            self.graph.addItem(title, name)
        else:
            self.graph.setItemText(at, title)

    def _offer(self) -> None:
        state = self._states.get(self.graph.currentData())
        self.fetch.offer(None if state is None or state.ready else state)

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a graph", "", "Graphs (*.npz);;All files (*)")
        if path:
            self.open_graph(path)
