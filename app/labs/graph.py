"""The panel of the graph lab: binarized and float network side by side on one graph, node by node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from app.labs import About, LabPanel, csv
from app.widgets.graph_maps import GraphMaps
from app.widgets.graph_options import CLASSES, GraphOptions
from app.widgets.lab_cards import card, stack
from app.widgets.node_card import NodeCard
from app.widgets.plot import Axis, Plot
from engine import messages as m
from engine.graph.recipes import TITLES
from engine.labs.graph import (
    LENGTHS,
    GraphCosts,
    GraphEpoch,
    GraphLength,
    GraphPlaces,
    GraphRetrieval,
    GraphSeed,
    GraphShape,
    RunGraph,
    Series,
    cost_lines,
)

LINES: dict[Series, str] = {"network": "binarized", "twin": "float"}
ACCURACY, RETRIEVAL = "accuracy", "retrieval"


class GraphPanel(LabPanel):
    """See LabPanel."""

    name: ClassVar[str] = "graph"
    title: ClassVar[str] = "Graphs"
    order: ClassVar[int] = 4
    about: ClassVar[About] = About(
        question="Can a node of a graph be known by a few bits, and the network that finds them be of bits itself?",
        method="Two layers: each node multiplies its bits by binary weights, by xor and popcount, and adds up in float "
        "what its neighbours got. The sign of that is the node's code, the second layer reads its class. Training "
        "sees the classes of a few nodes (20 a class on the citation graphs), bits pass their gradients straight "
        "through; of a run the network with the lowest validation loss is kept. Beside it the same network in float.",
        limits="Small graphs, two layers, one split; accuracies of a few seeds vary by half a point or more. Adding up "
        "stays in float, and where words are sparse a float product that skips the zeros can be as fast as bits.",
        source="Bi-GCN: J. Wang et al., CVPR 2021, and its code. Signs alone: H. Wang et al., arXiv 2004.11147 "
        "(abstract). GCN: Kipf and Welling 2017. GraphSAGE: Hamilton et al. 2017. Split: Planetoid 2016.",
        claims=(
            "Bi-GCN's code, 100 runs, codes of 64 bits: 81.2 % on Cora, 68.8 % on CiteSeer, 78.2 % on PubMed; its "
            "float GCN 81.4, 70.9 and 79.0 %.",
            "Binarized Graph Neural Network (arXiv 2004.11147): orders of magnitude less time and space at matching "
            "accuracy.",
        ),
        lesson="graphs",
    )

    def parts(self) -> Iterator[None]:
        self._bits = 0
        self._seen: dict[Series, list[GraphEpoch]] = {}
        self._seeds: dict[Series, list[GraphSeed]] = {}
        self._lengths: list[GraphLength] = []
        self._told: list[str] = []
        self.options = GraphOptions(self.session)
        yield
        self.maps, self.node = GraphMaps(), NodeCard()
        yield
        percent = Axis("accuracy", "%", low=0.0, high=100.0)
        training = "Press Run: the test nodes read right appear here, as the network learns."
        self.training = Plot(
            "Accuracy while training", Axis("share of the epochs", "%", low=0.0, high=100.0), percent, empty=training
        )
        self.training.add_line(LINES["network"], lambda t: t.xnor)
        self.training.add_line(LINES["twin"], lambda t: t.float_)
        self.lengths = Plot(
            "Accuracy against the length of codes",
            Axis("bits", log=True, low=LENGTHS[0] / 1.5, high=LENGTHS[-1] * 1.5),
            percent,
            empty=f"Tick 'codes of {LENGTHS[0]} … {LENGTHS[-1]} bits' before Run.",
        )
        self.lengths.add_line(ACCURACY, lambda t: t.xnor, symbol=True)
        self.lengths.add_line(RETRIEVAL, lambda t: t.twin, symbol=True, mark="s")
        yield
        self._lay_out()
        self.options.changed.connect(self.edited)
        self.options.colors.chosen.connect(lambda key: self.maps.color_by_class(key == CLASSES))
        for asking in (self.maps.chosen, self.node.asked):
            asking.connect(self.show_node)

    def request(self) -> RunGraph:
        return self.options.request()

    def begin(self, request: m.RunLab) -> None:
        assert isinstance(request, RunGraph)
        self._bits = request.bits
        self._seen, self._seeds, self._lengths, self._told = {}, {}, [], []
        self.maps.begin(request.series)
        self.node.clear()
        for plot in (self.training, self.lengths):
            plot.clear_lines()
        self.found.emit("")

    def show_result(self, result: m.LabResult) -> None:
        match result:
            case GraphShape():
                self.maps.show_graph(result)
            case GraphPlaces():
                self.maps.scene.place(result.places)
            case GraphEpoch():
                self._show_epoch(result)
            case GraphSeed():
                self._seeds.setdefault(result.series, []).append(result)
            case GraphLength():
                self._show_length(result)
            case GraphCosts():
                self._told += [f"{line}." for line in cost_lines(result.memory, result.seconds, result.backend)]
            case GraphRetrieval():
                shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in result.precision.items())
                self._told.append(f"Of the {result.nearest} nearest others of the same class: {shares}.")
        self.found.emit("\n".join([*self._accuracies(), *self._told]))

    def csv(self) -> str:
        rows = [
            f"accuracy,{TITLES[one.model]},{one.seed},{one.test:.6g}" for found in self._seeds.values() for one in found
        ]
        for one in self._lengths:
            rows += [f"accuracy at {one.bits} bits,,{s},{value:.6g}" for s, value in enumerate(one.accuracies.tolist())]
            rows.append(f"retrieval at {one.bits} bits,,0,{one.precision:.6g}")
        return csv("part,network,seed,value", rows)

    def show_node(self, node: int) -> None:
        """Show one node, and mark in the maps those whose codes are nearest."""
        scene, seen = self.maps.scene, self.maps.read("network")
        if scene.shape is None:
            return
        code, read = (None, None) if seen is None else (seen.code, int(seen.predictions[node]))
        scene.choose(node, self.node.show_node(node, scene.shape, scene.neighbours(node), read, code, self._bits))

    def _show_epoch(self, seen: GraphEpoch) -> None:
        self.maps.show_epoch(seen)
        if not seen.final:
            told = self._seen.setdefault(seen.series, [])
            told.append(seen)
            shares = [100 * one.epoch / one.epochs for one in told]
            self.training.set_line(LINES[seen.series], shares, [100 * one.accuracies["test"] for one in told])
        if self.maps.scene.chosen is not None and seen.series == "network":
            self.show_node(self.maps.scene.chosen)

    def _show_length(self, found: GraphLength) -> None:
        self._lengths.append(found)
        bits = [one.bits for one in self._lengths]
        self.lengths.set_line(ACCURACY, bits, [100 * float(one.accuracies.mean()) for one in self._lengths])
        self.lengths.set_line(RETRIEVAL, bits, [100 * one.precision for one in self._lengths])

    def _accuracies(self) -> list[str]:
        """For each network, how many of the test nodes it reads right."""
        told = []
        for found in self._seeds.values():
            tests = 100 * np.array([one.test for one in found])
            many = f" ± {tests.std():.1f} %, {tests.size} seeds" if tests.size > 1 else " %, one seed"
            told.append(f"{TITLES[found[0].model]}: {tests.mean():.1f}{many}.")
        return told

    def _lay_out(self) -> None:
        training = card(
            "While training",
            self.training,
            "How many of the test nodes each network reads right as it learns. The binarized one takes more epochs, so "
            "the axis is the share of each one's own.",
            "Accuracy in % of the test nodes, by the network as it would be deployed at that epoch; first seed.",
            self.about.lesson,
            hint="first seed",
        )
        lengths = card(
            "Length of a code",
            self.lengths,
            "What accuracy and retrieval are left when a node's code has fewer bits, on a logarithmic axis. Retrieval "
            "is the share of the nearest ten others that are of a test node's class.",
            "Accuracy in % of the test nodes, mean of the seeds; retrieval in %, by the first seed's codes.",
            self.about.lesson,
            hint="all seeds",
        )
        stack(self, self.options, (58, [(1, self.maps)]), (42, [(40, self.node), (30, training), (30, lengths)]))


PANEL = GraphPanel
