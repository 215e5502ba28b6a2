"""The panels of a run on the Learn page: weight bits and filters at the left, curves and distributions at the right."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.parts import InParts
from app.theme import GAP
from app.why import explain
from app.widgets.accuracy_card import AccuracyCard
from app.widgets.bits_card import BitsCard
from app.widgets.card import Card
from app.widgets.confusion import ConfusionMatrix
from app.widgets.curve_cards import FlipsCard, LossCard
from app.widgets.filters_card import FiltersCard
from app.widgets.histogram import Histogram
from engine import messages as m

CONFUSION_HINT = "true ↓  taken for →"


class RunPanels(InParts):
    """Makes the cards and lays them out; what is shown on them is the page's. A side can take the curves' place."""

    def parts(self) -> Iterator[None]:
        self.bits, self.filters = BitsCard(), FiltersCard()
        yield
        self.loss, self.accuracy = LossCard(), AccuracyCard()
        yield
        self.flips = FlipsCard()
        self.latent_card = Card("Latent weights", figures=True)
        self.latent = Histogram(
            "Latent weights", "value", *m.LATENT_RANGE, marks=(-1.0, 1.0),
            empty="Press Run: hidden weights appear here.",
        )  # fmt: skip
        self.latent_card.body.addWidget(self.latent, 1)
        explain(
            self.latent_card,
            "The hidden real numbers behind the bits of the layer chosen at the left; their signs are its weights. "
            "Those near zero may flip soon, those at the dashed ends are clipped.",
            "Share of the layer's latent weights in each of 64 bars, in %, at the step shown; of large layers some "
            "rows at a time, in turn.",
            "latent",
        )
        yield
        self.sign_card = Card("Before the sign", figures=True)
        self.sign = Histogram(
            "Before the sign", "value", *m.PREACTIVATION_RANGE,
            empty="What signs are taken of appears here.",
        )  # fmt: skip
        self.sign_card.body.addWidget(self.sign, 1)
        explain(
            self.sign_card,
            "The values that the layer's signs are taken of, after batch-norm, on the latest batch. Left of zero they "
            "become −1, from zero on +1; the gradient passes only between −1 and +1.",
            "Share of the values in each bar, in %, of a sample of the latest training batch; the figures by the "
            "title are the shares below and above zero.",
            "sign",
        )
        self.confusion_card = Card("Confusion", CONFUSION_HINT)
        self.confusion = ConfusionMatrix("Which class is taken for which appears here with the first score.")
        self.confusion_card.body.addWidget(self.confusion, 1)
        explain(
            self.confusion_card,
            "Which class was taken for which: rows are what it is, columns what it was taken for. Green on the "
            "diagonal is right; the brighter elsewhere, the commoner the mistake.",
            "Test images counted at the newest score by the folded network; colours are shares of the row, point at a "
            "cell for its count.",
            "data",
        )
        yield
        self._right = QStackedWidget()
        curves = self._cards()
        self._right.addWidget(curves)
        self.dressed = (self.bits, self.filters, curves)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addLayout(self._left(), 56)
        row.addWidget(self._right, 44)

    def set_side(self, side: QWidget) -> None:
        """What can be shown in place of the curves."""
        self._right.addWidget(side)

    def show_side(self, shown: bool) -> None:
        """Show it, or the curves."""
        self._right.setCurrentIndex(1 if shown else 0)

    @property
    def side_shown(self) -> bool:
        return self._right.currentIndex() == 1

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(GAP - 4)
        column.addWidget(self.bits, 100)
        column.addWidget(self.filters, 26)
        return column

    def _cards(self) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP - 4)
        cards = (self.loss, self.accuracy, self.flips, self.confusion_card, self.latent_card, self.sign_card)
        for index, card in enumerate(cards):
            grid.addWidget(card, index // 2, index % 2)
            grid.setRowStretch(index // 2, 1)
            grid.setColumnStretch(index % 2, 1)
        return page
