"""The card around one dot product: whose bits they are, how many, and the steps."""

from __future__ import annotations

import os

import numpy as np
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from app.dot_product import Bits, DotProduct
from app.session import TRAINING, Session
from app.why import explain
from app.widgets.card import Card, label
from app.widgets.dot_steps import STEPS, DotSteps
from app.widgets.segmented import Segmented
from engine.bits import unpack
from engine.errors import FlipscopeError
from engine.inference import modelfile
from engine.inference.network import Conv, PackedNetwork
from engine.messages import Prediction

LONGEST = 64
RANDOM = np.random.default_rng(2016)  # the year of the first binarized networks
STAND_IN: dict[str, Bits] = {which: RANDOM.random(LONGEST) < 0.5 for which in ("a", "w")}


class DotCard(Card):
    """Real bits where there are some: the signs of hidden layer 1 on the digit drawn last, and a row of layer 2."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("One dot product", parent=parent)
        self._session = session
        self._prediction: Prediction | None = None
        self._read: dict[str, Bits | None] = {}
        self.steps = DotSteps()
        self.width_switch = Segmented("Bits", (("16", "16", lambda t: t.xnor), ("64", "64", lambda t: t.xnor)))
        self.width_switch.select("16")
        self.back = self._arrow("‹", "Step back", -1)
        self.forth = self._arrow("›", "Step forward", 1)
        self.source = label("", "muted")
        self.source.setWordWrap(True)
        self.again = QToolButton()
        self.again.setText("↺")
        self.again.setToolTip("Restore the bits that were flipped")
        self.again.setAccessibleName("Restore the bits that were flipped")
        self.again.setProperty("flat", True)
        for part in (self.again, self.width_switch):
            self.add_to_header(part)
        self.caption = label("", "muted")
        line = QHBoxLayout()
        line.addWidget(self.caption, 1)
        line.addWidget(self.back)
        line.addWidget(self.forth)
        self.body.addLayout(line)
        self.body.addWidget(self.steps, 1)
        self.body.addWidget(self.source)
        self.again.clicked.connect(self.refresh)
        self.width_switch.chosen.connect(lambda _: self.refresh())
        self.steps.stepped.connect(self._stepped)
        session.prediction.connect(self._predicted)
        self._stepped(self.steps.step)
        self.refresh()
        explain(
            self,
            "One product of two vectors of signs, done by hand: compare the bits, count the equal ones, subtract. "
            "Arrows go through the steps; a click flips a bit.",
            "Real bits where there are some, as the line below says; sums are exact integers.",
            "xnor",
        )

    def refresh(self) -> None:
        """Take the bits anew, as they are."""
        k = int(self.width_switch.current)
        a, whose_a = self._activations()
        w, whose_w = self._weights()
        self.steps.show_product(DotProduct(a[:k], w[:k]))
        self.source.setText(f"a: {whose_a} · w: {whose_w} · 1 is +1, 0 is −1 · click a bit to flip it")

    def _activations(self) -> tuple[Bits, str]:
        event = self._prediction
        if event is None or not event.layers or event.layers[0].outputs < LONGEST:
            return STAND_IN["a"], "random bits, until a digit is drawn"
        layer = event.layers[0]
        return unpack(layer.bits, layer.outputs)[:LONGEST], f"your digit, first of {layer.outputs:,} signs of layer 1"

    def _weights(self) -> tuple[Bits, str]:
        session = self._session
        if session.model_key == TRAINING:
            moment = session.moment()
            real = moment is not None and len(moment.layers) > 1 and moment.layers[1].inputs >= LONGEST
            row = unpack(moment.layers[1].signs[0], LONGEST) if moment is not None and real else None
        else:
            row = self._weights_of_file()
        if row is None:
            return STAND_IN["w"], "random bits"
        return row, "neuron 0 of layer 2, its first weights"

    def _weights_of_file(self) -> Bits | None:
        """The first row of layer 2 of the model file in use, read once; None where there is none."""
        key = self._session.model_key
        path = next((choice.path for choice in self._session.models if choice.key == key), "")
        if key not in self._read:
            self._read[key] = _second_layer(path)
        return self._read[key]

    def _predicted(self, event: Prediction | None) -> None:
        changed = event is not None and self.isVisible()
        self._prediction = event or self._prediction
        if changed:
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """While hidden, predictions only wait here."""
        super().showEvent(event)
        self.refresh()

    def _stepped(self, step: int) -> None:
        self.caption.setText(f"Step {step + 1} of {len(STEPS)} — {STEPS[step]}")
        self.back.setEnabled(step > 0)
        self.forth.setEnabled(step < len(STEPS) - 1)

    def _arrow(self, text: str, name: str, by: int) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setProperty("flat", True)
        button.setAccessibleName(name)
        button.setToolTip(f"{name} (arrow keys)")
        button.clicked.connect(lambda: self.steps.go(self.steps.step + by))
        return button


def _second_layer(path: str) -> Bits | None:
    if not os.path.isfile(path):
        return None
    try:
        network = modelfile.load(path)
    except FlipscopeError:  # the inference worker has said so already
        return None
    layers = list(network.layers()) if isinstance(network, PackedNetwork) else []
    if len(layers) < 2 or layers[1].inputs < LONGEST:
        return None
    layer = layers[1]
    row = unpack(layer.weights[0], layer.channels if isinstance(layer, Conv) else layer.inputs)
    return row.reshape(-1)[:LONGEST]  # a kernel's signs by row, column and channel, as its latents are shown
