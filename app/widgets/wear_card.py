"""The weights of the network in use, and a slider that breaks them: broken bits are amber."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider

from app.figures import digits
from app.session import Session
from app.theme import GRID
from app.why import explain
from app.widgets.card import Card, label
from app.widgets.filters import FilterTiles
from engine import messages as m

STEPS = 100
LOWEST, HIGHEST = 1e-6, 0.5


def rate_at(step: int) -> float:
    """The share of broken bits at a step of the slider: 0, then along the logarithm."""
    return 0.0 if step == 0 else float(np.geomspace(LOWEST, HIGHEST, STEPS)[step - 1])


class WearCard(Card):
    """Breaks the network through the session; the digit on the canvas is read again meanwhile."""

    def __init__(self, session: Session) -> None:
        super().__init__("Weights")
        self._wearing = session.wearing
        self._session = session
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setAccessibleName("Share of weight bits broken")
        self.slider.setToolTip("Store this share of all weight bits wrong, always the same ones")
        self.slider.valueChanged.connect(lambda step: self._wearing.set_rate(rate_at(step)))
        self.layer = QComboBox()
        self.layer.setAccessibleName("Layer whose weights are shown")
        self.layer.setToolTip("Which layer's weights are shown")
        self.layer.activated.connect(self._wearing.show_layer)
        self.tiles = FilterTiles("The weights appear here with a binarized model.")
        self.tiles.setAccessibleName("Weights of the layer")
        self.told = label("", "muted", figures=True)
        self.told.setMinimumWidth(self.told.fontMetrics().horizontalAdvance("0.00012 %"))
        self.add_to_header(self.layer)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for part, stretch in ((label("break", "muted"), 0), (self.slider, 1), (self.told, 0)):
            row.addWidget(part, stretch)
        self.body.addLayout(row)
        self.body.addWidget(self.tiles, 1)
        self._wearing.told.connect(self.refresh)
        explain(
            self,
            "The stored weight bits of the network that reads your digit: white +1, black −1. The slider stores some "
            "of them wrong, always the same ones; they are amber.",
            "The share of all weight bits that is broken, in %; the bits are drawn by a fixed seed, and the digit is "
            "read again by that very network.",
            "faults",
        )
        session.model_changed.connect(self._list_layers)
        self._list_layers()
        self.refresh()

    def refresh(self) -> None:
        """Show what is broken now."""
        worn = self._wearing.worn
        self.slider.setEnabled(worn is not None)
        if worn is None:
            self.tiles.clear()
            self.told.setText("")
            return
        self.tiles.set_bits(worn.weights ^ worn.broken, worn.shape, worn.broken)
        self.told.setText(f"{digits(100 * worn.rate, 2)} %")
        for part in (self.told, self.slider):
            part.setToolTip(in_words(worn))
        self.slider.setAccessibleDescription(in_words(worn))

    def _list_layers(self) -> None:
        model = self._session.model
        layers = model.layers if model is not None and model.form == "packed" else ()
        with QSignalBlocker(self.layer):
            self.layer.clear()
            self.layer.addItems([f"layer {number}" for number in range(1, len(layers) + 1)])
            self.layer.setCurrentIndex(min(self._wearing.layer, len(layers) - 1))
        self.layer.setVisible(bool(layers))


def in_words(worn: m.Worn) -> str:
    """How much is broken of the whole network."""
    broken, bits = (sum(counts) for counts in zip(*worn.counts, strict=True))
    return f"{broken:,} of {bits:,} weight bits are broken: the same each time, more of them to the right"
