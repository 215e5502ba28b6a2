"""Curves of several runs laid over each other, told apart by letter, dash, mark and colour; differences on hover."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.figures import digits
from app.theme import Tokens, mono, theme, tokens
from app.widgets.axes import Axis, figure
from app.widgets.plot import TITLE_ROW, Plot
from app.widgets.series import Paint
from engine.trace import Span, Trace

LETTERS = "ABCDEF"
"""As many as can be compared."""
DASHES = (
    Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine, Qt.PenStyle.SolidLine,
)  # fmt: skip
MARKS = ("o", "s", "t", "d", "x", "star")
RIGHT = 20
"""Pixels beside the curves for the letters at their ends."""
LETTER_HEIGHT = 11.0
NOTHING = np.zeros(0)


@dataclass(frozen=True)
class Compared:
    """A run in the comparison: its letter's index, what people call it, and its curves."""

    index: int
    name: str
    trace: Trace


def paint_of(index: int) -> Paint:
    """The colour of the run with that letter."""

    def paint(t: Tokens) -> str:
        return t.text if index == len(LETTERS) - 1 else t.layer(index)

    return paint


class OverlayPlot(Plot):
    """One measure of up to six runs. The first is what the others are read against."""

    def __init__(self, name: str, y: Axis, *, marked: bool, empty: str) -> None:
        """marked: each value has a mark of its own, since there are few."""
        super().__init__(name, Axis("step"), y, empty=empty, legend=False)
        self.set_margins(0, TITLE_ROW, RIGHT, 0)
        for index, letter in enumerate(LETTERS):
            self.add_line(letter, paint_of(index), symbol=marked, mark=MARKS[index], dash=DASHES[index])

    def show_curves(self, curves: dict[str, tuple[np.ndarray, np.ndarray]], x: Axis) -> None:
        """Show x and y [n] of each letter that is there, over an axis from 0 to what the longest needs."""
        longest = max((float(xs[-1]) for xs, _ in curves.values() if xs.size), default=10.0)
        self.x_axis = Axis(x.name, x.unit, low=0.0, high=1.02 * max(longest, 1e-9))
        with self.together():
            for letter in LETTERS:
                xs, ys = curves.get(letter, (NOTHING, NOTHING))
                if not (np.array_equal(xs, self.series[letter].x) and np.array_equal(ys, self.series[letter].high)):
                    self.set_line(letter, xs, ys)
        self.redraw()

    def reading(self, x: float) -> list[tuple[str, str]]:
        """Every run at the point of the first one that is nearest to x, and by how much it differs from that one."""
        filled = [(letter, s) for letter, s in self.series.items() if s.x.size]
        if not filled:
            return []
        first = filled[0][1]
        at = float(first.x[int(np.argmin(np.abs(first.x - x)))])
        t, unit = tokens(), f" {self.y_axis.unit}" if self.y_axis.unit else ""
        lines = [(f"{self.x_axis.name} {figure(at)}", t.muted)]
        base = float(np.interp(at, first.x, first.high))
        for letter, s in filled:
            if not s.x[0] <= at <= s.x[-1]:
                lines.append((f"{letter} –", s.paint(t)))
                continue
            value = float(np.interp(at, s.x, s.high))
            apart = "" if s is first else f"  {_signed(value - base)}"
            lines.append((f"{letter} {figure(value)}{unit}{apart}", s.paint(t)))
        return lines

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """The letters at the ends of the curves, over what every plot writes."""
        super().drawForeground(painter, rect)
        painter.setFont(mono(8.5))
        for letter, at in self._ends():
            painter.setPen(QColor(self.series[letter].paint(tokens())))
            box = QRectF(at.x() + 4, at.y() - LETTER_HEIGHT / 2, 14, LETTER_HEIGHT)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, letter)

    def _ends(self) -> list[tuple[str, QPointF]]:
        """Where each curve's letter goes: at its last point, moved down where another letter is already."""
        placed: list[tuple[str, QPointF]] = []
        ends = [(letter, *s.item.getData()) for letter, s in self.series.items() if s.x.size]
        at = {letter: self.to_pixels(float(x[-1]), float(y[-1])) for letter, x, y in ends}
        for letter in sorted(at, key=lambda one: at[one].y()):
            spot = at[letter]
            for _, other in placed:
                if abs(other.x() - spot.x()) < 12 and spot.y() - other.y() < LETTER_HEIGHT:
                    spot = QPointF(spot.x(), other.y() + LETTER_HEIGHT)
            placed.append((letter, spot))
        return placed


def accuracy_plot() -> OverlayPlot:
    """Test accuracy at every score."""
    empty = "Tick runs in the list to lay their curves over each other."
    return OverlayPlot("Test accuracy of runs", Axis("accuracy", "%", high=100.0), marked=True, empty=empty)


def loss_plot() -> OverlayPlot:
    """Loss on the training batches, averaged."""
    return OverlayPlot("Training loss of runs", Axis("loss", low=0.0), marked=False, empty="No loss was kept yet.")


def flips_plot() -> OverlayPlot:
    """Share of all weights that flip at a step, averaged."""
    axis = Axis("weights flipping a step", "%", log=True)
    return OverlayPlot("Flips of runs", axis, marked=False, empty="No flips were kept yet.")


PLOTS: dict[str, Callable[[], OverlayPlot]] = {"accuracy": accuracy_plot, "loss": loss_plot, "flips": flips_plot}
"""What makes the plot of each measure."""

SPANS: dict[Span, Axis] = {"step": Axis("step"), "epoch": Axis("epoch"), "second": Axis("time", "s")}


def curves_of(compared: Sequence[Compared], measure: str, span: Span) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """x and y [n] by letter of one measure: "accuracy", "loss" or "flips"; those that have none are left out."""
    curves = {}
    for one in compared:
        trace = one.trace
        if measure == "accuracy":
            x, y = trace.over(span, trace.scores.steps), 100 * trace.scores.accuracy
        else:
            x, y = trace.over(span, trace.steps), trace.loss if measure == "loss" else 100 * trace.flips
        if x.size:
            curves[LETTERS[one.index]] = (x, y)
    return curves


class OverlayLegend(QWidget):
    """Which letter, dash and mark is which run, with its newest value."""

    ROW = 20

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[int, str, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Which run is which")
        theme().changed.connect(self.update)

    def show_rows(self, rows: list[tuple[int, str, str]]) -> None:
        """Show (letter's index, name, value) each."""
        if rows != self._rows:
            self._rows = rows
            self.setAccessibleDescription("; ".join(f"{LETTERS[i]}: {name}, {value}" for i, name, value in rows))
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, self.ROW * -(-len(self._rows) // self._columns()))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def _columns(self) -> int:
        return 2 if len(self._rows) > 3 else 1

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        columns = self._columns()
        width, down = self.width() / columns, -(-len(self._rows) // columns)
        for place, row in enumerate(self._rows):
            box = QRectF(place // max(1, down) * width, place % max(1, down) * self.ROW, width - 8, self.ROW)
            self._paint_row(painter, box, *row)

    def _paint_row(self, painter: QPainter, box: QRectF, index: int, name: str, value: str) -> None:
        color, middle = QColor(paint_of(index)(tokens())), Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QPen(color, 1, DASHES[index]))
        painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.left() + 30, box.center().y()))
        painter.setPen(color)
        painter.setFont(mono(9))
        painter.drawText(box.adjusted(36, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | middle, LETTERS[index])
        room = painter.fontMetrics().horizontalAdvance(value) + 8
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | middle, value)
        painter.setPen(tokens().color("text"))
        painter.setFont(self.font())
        words = box.adjusted(52, 0, -room, 0)
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | middle, shown)


def _signed(value: float) -> str:
    """A difference with its sign, three significant digits: "+0.41", "−1.2"."""
    return f"{'+' if value >= 0 else '−'}{digits(abs(value), 2)}"
