"""What the lessons on labs show, and what all lessons' pictures are put together from (docs/lesson_pictures.py)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from screenshots import ROOT  # beside this file; it makes the product's rooms importable

from app.session import Session
from app.theme import GRID
from app.widgets.card import Card
from app.widgets.core_diagram import CoreDiagram
from app.widgets.graph_maps import GraphMaps
from app.widgets.marked_bits import MarkedBits
from app.widgets.node_card import NodeCard
from app.widgets.plot import Axis, Plot
from app.widgets.rate_plot import RatePlot
from engine.bits import unpack
from engine.faults.sweep import sweep
from engine.inference import modelfile
from engine.inference.network import Dense, FloatDense, PackedNetwork
from engine.labs.faults import CLAIMED, FaultPoint, RunFaults
from engine.labs.graph import GraphEpoch, GraphPlaces, GraphShape, RunGraph
from engine.labs.verify import RunVerify, Verdict
from engine.tensortrain.decompose import spectra
from engine.tensortrain.modes import suggested
from engine.tensortrain.paper import MNIST
from engine.verify.asked import asked

MODELS = ROOT / "assets" / "models"
DRAWS = 3
CODE, PERSON = 64, 8
"""Bits of a code, and who of the karate club is looked at: a friend of both leaders."""


@cache
def packed(name: str = "mnist-mlp-512x2") -> PackedNetwork:
    """A binarized network that comes with Flipscope."""
    network = modelfile.load(MODELS / f"{name}.safetensors")
    assert isinstance(network, PackedNetwork)
    return network


def on_card(title: str, hint: str, *parts: QWidget) -> Card:
    """Widgets side by side on a card."""
    card = Card(title, hint)
    row = QHBoxLayout()
    row.setSpacing(GRID)
    for part in parts:
        row.addWidget(part, 1)
    card.body.addLayout(row, 1)
    return card


def faults(_session: Session) -> QWidget:
    files = {"binarized": "mnist-mlp-512x2", "trained with faults": "mnist-mlp-512x2-hardened"}
    plot = RatePlot("Accuracy against broken bits", "")
    for (title, name), paint in zip(files.items(), (lambda t: t.xnor, lambda t: t.flip), strict=True):
        request = RunFaults(str(MODELS / f"{name}.safetensors"), draws=DRAWS, layers=False)
        found = [event for event in sweep(request) if isinstance(event, FaultPoint) and event.series == "network"]
        plot.add_series(title, paint)
        plot.show_points(title, found)
    plot.set_claim(CLAIMED, "0.1 %: little effect up to here, says the paper")
    return on_card("Accuracy against broken bits", f"whole test set, {DRAWS} draws at each share", plot)


def proof(_session: Session) -> QWidget:
    verdict = next(one for one in verdicts() if one.counterexample is not None)
    assert verdict.counterexample is not None
    centre, other = MarkedBits("The digit"), MarkedBits("A counterexample")
    centre.show_bits(verdict.centre)
    other.show_bits(verdict.counterexample, crossed=verdict.counterexample != verdict.centre)
    hint = f"read as {verdict.label}, and as {verdict.counterclass} with the crossed bits changed"
    return on_card("A digit and a counterexample", hint, centre, other)


def verdicts() -> Iterator[Verdict]:
    """What is found about test digits, one after another."""
    for index in range(50):
        request = RunVerify(str(MODELS / "verify-100-50-10.safetensors"), 2, index=index)
        yield from (event for event in asked(request) if isinstance(event, Verdict))


def train(_session: Session) -> QWidget:
    diagram = CoreDiagram("")
    modes = MNIST.modes[0]
    diagram.show_train(modes, modes.bonds([8]))
    plot = Plot("What a rank leaves out", Axis("rank"), Axis("left out of the norm", "%", low=0.0, high=100.0))
    for title, matrix, paint in (
        ("float", floats()[0].weight, lambda t: t.float_),
        ("binarized", signs(0), lambda t: t.xnor),
    ):
        values = list(spectra(matrix, suggested(*matrix.shape, 4)))[1]
        left = np.sqrt(np.cumsum(values[::-1] ** 2)[::-1]) / np.linalg.norm(values)
        plot.add_line(title, paint)
        plot.set_line(title, np.arange(values.size), 100 * left)
    return on_card("A train, and what a cut loses of a trained layer", "784 × 512, at the middle bond", diagram, plot)


def floats() -> list[FloatDense]:
    """The layers of the float twin that comes with Flipscope."""
    network = modelfile.load(MODELS / "mnist-mlp-512x2-float.safetensors")
    return [layer for layer in network.operations if isinstance(layer, FloatDense)]


def signs(index: int) -> NDArray[np.float32]:
    """The weights of a layer of the binarized network, +-1, float32 [outputs, inputs]."""
    layer = [layer for layer in packed().layers() if isinstance(layer, Dense)][index]
    return np.where(unpack(layer.weights, layer.inputs), np.float32(1), np.float32(-1))


def graphs(_session: Session) -> QWidget:
    from engine.graph.experiment import experiment

    request = RunGraph(bits=CODE, seeds=1, layout=True)
    maps, node = GraphMaps(), NodeCard()
    maps.begin(request.series)
    for result in experiment(request):
        match result:
            case GraphShape():
                maps.show_graph(result)
            case GraphPlaces():
                maps.scene.place(result.places)
            case GraphEpoch(final=True):
                maps.show_epoch(result)
    scene, seen = maps.scene, maps.read("network")
    assert scene.shape is not None
    assert seen is not None
    read = int(seen.predictions[PERSON])
    near = node.show_node(PERSON, scene.shape, scene.neighbours(PERSON), read, seen.code, CODE)
    scene.choose(PERSON, near)
    shown = QWidget()
    column = QVBoxLayout(shown)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(maps, 3)
    column.addWidget(node, 2)
    return shown
