"""Makes the lessons' pictures from the product's own widgets on real data: `python docs/lesson_pictures.py [NAME…]`.

It trains for two epochs by each of three methods, breaks bits, asks the verifier, trains on a graph, and saves one
picture a lesson, in both themes, to assets/lessons. Set QT_QPA_PLATFORM=offscreen where there is no screen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from lab_pictures import faults, graphs, on_card, packed, proof, train
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from screenshots import ROOT, spin, until  # beside this file; it makes the product's rooms importable

from app.dot_product import DotProduct
from app.launch import application, make_session
from app.session import Session
from app.settings import Settings
from app.theme import Choice, theme
from app.watched import Watched
from app.widgets.curve_cards import FlipsCard
from app.widgets.dot_steps import DotSteps
from app.widgets.filters import FilterTiles
from app.widgets.plot import Axis, Plot
from app.widgets.scores import ScoreChart
from app.widgets.sight import Sight
from app.widgets.tiles import BitTiles
from engine import datasets
from engine import messages as m
from engine.bits import unpack
from engine.config import RunConfig
from engine.inference.backend import backend
from engine.inference.network import Dense
from engine.inference.predict import layer_signs

LESSONS = ROOT / "assets" / "lessons"
WIDTH = 640
WEIGHT = (0, 5, 14 * 28 + 14)
"""Whose latent value is followed: layer, output, input."""
METHODS = {
    "Adam": RunConfig(epochs=2),
    "shift-based": RunConfig(epochs=2, optimizer="shift-adamax", batch_norm="shift-based"),
    "Bop": RunConfig(epochs=2, optimizer="bop"),
}
NEURONS = 18


def main(wanted: list[str]) -> None:
    """Make the pictures of these lessons, or of all."""
    application()
    with tempfile.TemporaryDirectory() as home:
        os.environ["FLIPSCOPE_HOME"] = home
        session = make_session(Settings())
        try:
            for name, (height, make) in PICTURES.items():
                if not wanted or name in wanted:
                    save(name, height, make(session))
        finally:
            session.end()


def save(name: str, height: int, shown: QWidget) -> None:
    """Save a widget in both themes."""
    for part in shown.findChildren(QWidget):
        part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    shown.resize(WIDTH, height)
    shown.show()
    choices: tuple[tuple[Choice, str], ...] = (("light", ""), ("dark", "-dark"))
    for choice, mark in choices:
        theme().choose(choice)
        spin(0.3)
        shown.grab().save(str(LESSONS / f"{name}{mark}.png"))
    shown.close()


# ---------------------------------------------------------------- what the pictures are of


@cache
def digit() -> m.Image:
    """The first test digit, u8 [28, 28, 1]."""
    image: m.Image = datasets.load("mnist").test_images[0]
    return image


def trained(session: Session, config: RunConfig) -> Watched:
    """Train to the end; what was followed of one weight."""
    if not session.ready["trainer"]:
        session.start()
        session.show_page("learn")
        until(lambda: session.ready["trainer"])
    watched = Watched(WEIGHT)

    def follow(frame: m.Frame) -> None:
        if frame.watch is not None:
            watched.add(frame.watch)

    session.frame_arrived.connect(follow)
    session.start_run(config)
    session.watch(*WEIGHT)
    until(lambda: session.run.state == "finished")
    session.frame_arrived.disconnect(follow)
    return watched


# ---------------------------------------------------------------- one a lesson


def bit(_session: Session) -> QWidget:
    first = next(layer for layer in packed().layers() if isinstance(layer, Dense))
    tiles = FilterTiles()
    shown = first.weights[:NEURONS]
    tiles.set_bits(shown, (28, 28, 1), np.zeros_like(shown))
    return on_card("First-layer weights", "784 bits of each neuron, as a picture", tiles)


def latent(session: Session) -> QWidget:
    steps, values = trained(session, METHODS["Adam"]).trace()
    plot = Plot("Latent value of a weight", Axis("step"), Axis("latent"))
    plot.add_line("latent", lambda t: t.float_)
    plot.add_line("zero", lambda t: t.flip)
    plot.set_line("zero", [steps[0], steps[-1]], [0.0, 0.0])
    plot.set_line("latent", steps, values)
    turns = int(np.count_nonzero(np.diff(values >= 0)))
    return on_card("Latent value of one weight", f"crosses zero {turns} times in {steps[-1]:,} steps", plot)


def flip(session: Session) -> QWidget:
    trained(session, METHODS["Adam"])
    card = FlipsCard()
    card.refresh(session.run)
    return card


def sign(_session: Session) -> QWidget:
    x = np.linspace(-2, 2, 401)
    plot = Plot("The sign and its slopes", Axis("value before the sign"), Axis("", low=-1.2, high=2.2))
    plot.add_line("sign", lambda t: t.text)
    plot.add_line("straight-through slope", lambda t: t.float_)
    plot.add_line("ApproxSign slope", lambda t: t.twin)
    plot.set_line("ApproxSign slope", x, np.maximum(0, 2 - 2 * np.abs(x)))
    plot.set_line("straight-through slope", x, (np.abs(x) <= 1).astype(float))
    plot.set_line("sign", x, np.where(x >= 0, 1.0, -1.0))
    return on_card("The sign, and what stands for its slope", "", plot)


def xnor(_session: Session) -> QWidget:
    rng = np.random.default_rng(2016)
    steps = DotSteps()
    steps.show_product(DotProduct(rng.random(16) < 0.5, rng.random(16) < 0.5))
    return on_card("One dot product", "16 signs", steps)


def threshold(_session: Session) -> QWidget:
    gamma, mean, deviation, beta = 0.8, 12.0, 20.0, -0.3
    turns = mean - beta * deviation / gamma
    sums = np.arange(-40, 81, 2)
    plot = Plot("Batch-norm and its sign", Axis("sum"), Axis("", low=-2.4, high=2.4))
    plot.add_line("batch-norm", lambda t: t.float_)
    plot.add_line("sign", lambda t: t.xnor, symbol=True)
    plot.set_line("batch-norm", sums, gamma * (sums - mean) / deviation + beta)
    plot.set_line("sign", sums, np.where(sums >= turns, 1.0, -1.0))
    plot.set_marker(turns)
    return on_card("A neuron's batch-norm, and its sign", f"+1 from {int(np.ceil(turns))} on", plot)


def methods(session: Session) -> QWidget:
    plot = Plot("Test accuracy by method", Axis("epoch"), Axis("accuracy", "%"))
    for (name, config), paint in zip(
        METHODS.items(), (lambda t: t.float_, lambda t: t.twin, lambda t: t.flip), strict=True
    ):
        trained(session, replace(config, model="mlp-128x2", epochs=1, evaluations_per_epoch=6))
        scores = session.run.history.scores()
        plot.add_line(name, paint, symbol=True)
        plot.set_line(name, scores.epochs, 100 * scores.accuracy)
    return on_card("Test accuracy", "one run each, usual settings, seed 0", plot)


def networks(_session: Session) -> QWidget:
    program = backend("cpu-xnor").load(packed())
    seen = Sight()
    seen.show_image(digit())
    layers = []
    for signs in layer_signs(program, digit()):
        tiles = BitTiles("signs", str)
        tiles.show_bits(unpack(signs.bits, signs.outputs))
        layers.append(tiles)
    chart = ScoreChart()
    chart.show_scores(program.scores(digit()[np.newaxis])[0], "xnor")
    return on_card("A digit, layer 1, layer 2, the scores", "512 bits each", seen, *layers, chart)


def data(_session: Session) -> QWidget:
    from engine.training.augment import augment

    changed = augment("strong", np.repeat(digit()[np.newaxis], 8, axis=0), np.random.default_rng(0))
    sights = []
    for image in (digit(), *changed):
        sights.append(Sight())
        sights[-1].setMinimumSize(56, 56)
        sights[-1].show_image(image)
    return on_card("As it is, and as training sees it", "augmentation: strong", *sights)


PICTURES: dict[str, tuple[int, Callable[[Session], QWidget]]] = {
    "bit": (190, bit),
    "latent": (220, latent),
    "flip": (240, flip),
    "sign": (240, sign),
    "xnor": (215, xnor),
    "threshold": (220, threshold),
    "faults": (260, faults),
    "methods": (240, methods),
    "networks": (230, networks),
    "data": (120, data),
    "proof": (270, proof),
    "train": (240, train),
    "graphs": (480, graphs),
}
"""Height and maker of each."""

if __name__ == "__main__":  # children import this file anew
    main(sys.argv[1:])
