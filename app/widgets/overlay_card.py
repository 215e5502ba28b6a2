"""The card where runs are compared: which measure, over what, the plot, its legend, and what can be taken away."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.theme import GAP, GRID, tokens
from app.why import explain
from app.widgets.card import Card
from app.widgets.live_label import FittingLabel
from app.widgets.not_saved import tell_not_saved
from app.widgets.overlay import (
    LETTERS,
    PLOTS,
    SPANS,
    Compared,
    OverlayLegend,
    OverlayPlot,
    curves_of,
)
from app.widgets.segmented import Segmented
from engine.trace import Span

SIZE = QSize(960, 600)
"""Of a picture that is made without a window."""
MEASURES = {"accuracy": "Accuracy", "loss": "Loss", "flips": "Flips"}
MEANT = {
    "accuracy": "on the test set, of the folded network",
    "loss": "on the training batches, averaged over parts of the run",
    "flips": "share of all weights that flip at a step, averaged over parts of the run",
}


class OverlayCard(Card):
    """Shows what it is given with `show_runs`."""

    def __init__(self, plots: dict[str, OverlayPlot] | None = None) -> None:
        """plots: of each measure of PLOTS, where somebody made them one by one: together they take a while."""
        super().__init__("Compared")
        self._compared: list[Compared] = []
        self._span: Span = "epoch"
        self.plots = {measure: make() for measure, make in PLOTS.items()} if plots is None else plots
        self.measure = Segmented("Measure", tuple((key, text, lambda t: t.muted) for key, text in MEASURES.items()))
        self.span = Segmented("Over", tuple((key, f"{key.capitalize()}s", lambda t: t.muted) for key in SPANS))
        self.measure.select("accuracy")
        self.span.select(self._span)
        self.measure.chosen.connect(lambda _key: self.refresh())
        self.span.chosen.connect(lambda _key: self.refresh())
        self.save = QPushButton("Save picture…")
        self.save.setAccessibleName("Save a picture of the comparison")
        self.save.setToolTip("Save plot and legend as a PNG")
        self.save.clicked.connect(lambda _checked=False: self._ask_picture())
        self.add_to_header(self.measure)
        self._sheet = QWidget()  # what a picture is of
        self._sheet.setObjectName("card")
        sheet = QVBoxLayout(self._sheet)
        sheet.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedWidget()
        for plot in self.plots.values():
            self._stack.addWidget(plot)
        self.legend = OverlayLegend()
        sheet.addWidget(self._stack, 1)
        sheet.addWidget(self.legend)
        self.without = FittingLabel("muted")
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addWidget(self.span)
        foot.addWidget(self.without, 1)
        foot.addWidget(self.save)
        self.body.addWidget(self._sheet, 1)
        self.body.addLayout(foot)
        explain(
            self,
            "The runs that are ticked, laid over each other by step, epoch or second. Letters name them; the first is "
            "what the others are read against.",
            "Accuracy in % of the folded network on the test set at each score; loss and flips of every step, "
            "averaged over parts of the run.",
            "methods",
        )
        self.refresh()

    def show_runs(self, compared: list[Compared]) -> None:
        """Lay these runs over each other, the first being what the others are read against."""
        self._compared = compared
        self.refresh()

    def refresh(self) -> None:
        """Draw the measure in front."""
        measure = self.measure.current
        self._span = next(key for key in SPANS if key == self.span.current)
        curves = curves_of(self._compared, measure, self._span)
        plot = self.plots[measure]
        plot.show_curves(curves, SPANS[self._span])
        self._stack.setCurrentWidget(plot)
        self.legend.show_rows([(one.index, one.name, _newest(one)) for one in self._compared])
        self.save.setEnabled(bool(curves))
        without = [one.name for one in self._compared if LETTERS[one.index] not in curves]
        self.without.say(f"no curve was kept of {', '.join(without)}" if without and curves else "")
        plot.set_summary(self._summary(measure))

    def save_picture(self, path: str) -> bool:
        """Save plot and legend as a PNG; whether that was done."""
        shown, margin = self._sheet.grab(), round(GAP * self.devicePixelRatioF())
        picture = QPixmap(shown.width() + 2 * margin, shown.height() + 2 * margin)
        picture.fill(tokens().color("surface"))
        painter = QPainter(picture)
        shown.setDevicePixelRatio(1.0)
        painter.drawPixmap(margin, margin, shown)
        painter.end()
        return picture.save(path, "PNG")

    def _summary(self, measure: str) -> str:
        if not self._compared:
            return "No run is ticked."
        scored = [f"{LETTERS[one.index]} {one.name}: {_newest(one)}" for one in self._compared]
        return f"{MEASURES[measure]}, {MEANT[measure]}. Newest accuracy: {'; '.join(scored)}."

    def _ask_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save picture", f"runs-{time.strftime('%Y-%m-%d')}.png", "PNG (*.png)"
        )
        if path and not self.save_picture(path):
            tell_not_saved(self, path)


def _newest(one: Compared) -> str:
    accuracy = one.trace.scores.accuracy
    return f"{100 * accuracy[-1]:.2f} %" if accuracy.size else "not scored"
