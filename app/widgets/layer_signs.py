"""What one hidden layer makes of a digit: its sign bits as squares, and its sums before the sign."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.figures import percent
from app.theme import mono, theme, tokens
from app.why import explain
from app.widgets.card import Card, label
from app.widgets.tiles import BitTiles, TipWidget
from engine.bits import unpack
from engine.messages import LayerSigns, ModelInfo

BARS = 45
AXIS = 16
EMPTY = "sums before the sign"

Numbers = NDArray[np.int32] | NDArray[np.float32]


class LayerCard(Card):
    """The card of one hidden layer; empty until the first prediction."""

    def __init__(self, number: int, outputs: int, parent: QWidget | None = None) -> None:
        super().__init__(f"Layer {number} signs", f"{outputs:,} bits", figures=True, parent=parent)
        self.signs: LayerSigns | None = None
        self.tiles = BitTiles(f"Signs of layer {number}", self.describe)
        self.sums = SumsHistogram(f"Sums of layer {number}")
        self.tiles.set_count(outputs)
        self.body.addWidget(self.tiles)
        self.body.addWidget(self.sums, 1)
        explain(
            self,
            "What the layer says of your digit: a bit for each neuron, white +1, black −1. Below, the sums they were "
            "taken of; each neuron has a threshold of its own, so that both colours share a bar.",
            "The integers themselves of the packed network on this digit: equal bits minus different ones, or on "
            "pixels the sum of ±brightness.",
            "threshold",
        )

    def show_signs(self, signs: LayerSigns | None) -> None:
        """Show a layer's answer to the digit, or nothing."""
        self.signs = signs
        bits = None if signs is None else unpack(signs.bits, signs.outputs)
        self.tiles.show_bits(bits)
        if signs is None or bits is None:
            self.sums.clear()
        elif signs.value is not None:
            self.sums.show_values(signs.value, bits)
        else:
            self.sums.show_sums(signs.sums, bits)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The squares take what whole pixels need of three fifths of the height; the histogram gets the rest."""
        super().resizeEvent(event)
        room = self.contentsRect().height() - self.title.height() - 40
        self.tiles.setFixedHeight(max(40, self.tiles.height_within(self.contentsRect().width() - 28, room * 3 // 5)))

    def describe(self, index: int) -> str:
        """What a neuron says, in words."""
        assert self.signs is not None
        bit = "+1" if unpack(self.signs.bits, self.signs.outputs)[index] else "−1"
        value = "" if self.signs.value is None else f", value {self.signs.value[index]:+.3g}"
        return f"neuron {index}: sum {int(self.signs.sums[index]):+,}{value} → {bit}".replace("-", "−")


class SumsHistogram(TipWidget):
    """How the integer sums of a layer are spread, or its float values, and which became +1 and which -1.

    For a sum every neuron has a threshold of its own, so that both colours can share a bar.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(52)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._edges: NDArray[np.float64] = np.linspace(-1, 1, BARS + 1)
        self._counts: NDArray[np.int64] | None = None
        self._caption = EMPTY
        self._what = "sum"
        theme().changed.connect(self.update)

    def show_sums(self, sums: NDArray[np.int32], bits: NDArray[np.bool_]) -> None:
        """Show sums int32 [n] and the bits [n] they became."""
        reach = max(1, int(np.abs(sums).max(initial=0)))
        # Sums of K signs all have the parity of K: bars of an even width hold equally many of them.
        width = 2 * -(-reach // BARS)
        self._show("sum", sums, bits, np.arange(-BARS, BARS + 1, 2, dtype=np.float64) * (width / 2))

    def show_values(self, values: NDArray[np.float32], bits: NDArray[np.bool_]) -> None:
        """Show values float32 [n], whose signs the bits [n] are."""
        reach = float(np.abs(values[np.isfinite(values)]).max(initial=0)) or 1.0
        self._show("value", values, bits, np.linspace(-reach, reach, BARS + 1))

    def clear(self) -> None:
        """Show empty axes."""
        self._counts, self._caption = None, EMPTY
        self._describe()

    def _show(self, what: str, numbers: Numbers, bits: NDArray[np.bool_], edges: NDArray[np.float64]) -> None:
        self._what, self._edges = what, edges
        self._counts = np.stack([np.histogram(numbers[bits == side], edges)[0] for side in (False, True)])
        share = float(bits.mean())
        self._caption = f"−1: {percent(1 - share)}   +1: {percent(share)}"
        self._describe()

    def _describe(self) -> None:
        self.setAccessibleDescription(f"{self._what.capitalize()}s before the sign. {self._caption}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(256, 70)

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), t.color("surface"))
        painter.setFont(mono(7.5))
        base = self.height() - AXIS
        painter.setPen(QPen(t.color("line"), 1))
        painter.drawLine(0, base, self.width(), base)
        painter.drawLine(self.width() // 2, AXIS, self.width() // 2, base)
        painter.setPen(t.color("muted"))
        painter.drawText(QRectF(0, 0, self.width(), AXIS), Qt.AlignmentFlag.AlignHCenter, self._caption)
        below = QRectF(0, base + 1, self.width(), AXIS - 1)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "0")
        if self._counts is not None:
            reach = f"{int(self._edges[-1]):,}" if self._what == "sum" else f"{self._edges[-1]:.3g}"
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"−{reach}")
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self._what} +{reach}")
            self._paint_bars(painter, base)
        painter.end()

    def _paint_bars(self, painter: QPainter, base: int) -> None:
        assert self._counts is not None
        t = tokens()
        step = self.width() / BARS
        painter.setPen(QPen(t.blend("muted", 0.67), 1))
        scale = (base - AXIS - 2) / max(1, int(self._counts.sum(axis=0).max()))
        for index, (minus, plus) in enumerate(self._counts.T.tolist()):
            left, right = round(index * step), round((index + 1) * step) - 1
            low, high = minus * scale, plus * scale
            for name, top, tall in (("bit_off", base - low, low), ("bit_on", base - low - high, high)):
                if tall:
                    painter.setBrush(t.color(name))
                    painter.drawRect(left, round(top), right - left, round(top + tall) - round(top))

    def tip(self, event: QHelpEvent) -> str:
        if self._counts is None:
            return ""
        index = min(BARS - 1, int(event.x() * BARS / max(1, self.width())))
        low, high = self._edges[index], self._edges[index + 1]
        minus, plus = self._counts[:, index]
        spread = f"{low:+.0f} to {high:+.0f}" if self._what == "sum" else f"{low:+.3g} to {high:+.3g}"
        return f"{self._what}s {spread}: {plus} became +1, {minus} became −1"


def no_layers(model: ModelInfo | None) -> Card:
    """The card in place of those of hidden layers, where a model has none that give bits, or there is no model."""
    card = Card("Layer signs")
    word = "appear here with a model." if model is None else "are what a packed model has; this one is not packed."
    text = label(f"The sign bits of every hidden layer {word}", "muted")
    text.setWordWrap(True)
    card.body.addWidget(text)
    card.body.addStretch(1)
    explain(
        card,
        "The answers of the hidden layers, a bit for each neuron, appear here. They need a packed model.",
        "Nothing is measured yet.",
        "networks",
    )
    return card
