"""A histogram over a fixed range, split at zero: dark below, light from zero on, as the bits they become."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app.figures import percent
from app.theme import tokens
from app.widgets.axes import Axis
from app.widgets.plot import Plot
from app.widgets.squares import rgb

Ints = NDArray[np.int64]

HEADROOM = 1.18
TOPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""What its axis may end at, times a power of ten: bars move, and the axis stands still most of the time."""
FILLED = 0.6
"""Of the axis by the tallest bar and its headroom, at least."""
SERIES = "share"


class Histogram(Plot):
    """Counts of bins as shares of their sum.

    Args:
        low, high: the range of the bins.
        marks: values marked with a dashed line, e.g. the clip at -1 and +1. The bin of a mark does not set the
            height of the axis: where it is taller, its bar runs off the top and its share is written beside it.
    """

    def __init__(
        self, name: str, x: str, low: float, high: float, *, marks: tuple[float, ...] = (), empty: str = "",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        self._range, self._marks = (low, high), marks
        self._share = np.zeros(0)
        share = Axis("share", "%", low=0.0, high=1.0)
        super().__init__(name, Axis(x, low=low, high=high), share, empty=empty, parent=parent)
        self.add_line(SERIES, lambda t: t.text)
        self.series[SERIES].item.setVisible(False)

    def set_counts(self, counts: NDArray[np.int64] | None, what: str = "") -> None:
        """Show counts int64 [bins], or nothing; what: put first in the summary."""
        if counts is None or not counts.sum():
            self._share = np.zeros(0)
            self.clear_lines()
            self.set_summary(self._empty)
            return
        self._share = counts / counts.sum()
        low, high = self._range
        width = (high - low) / counts.size
        centers = low + (np.arange(counts.size) + 0.5) * width
        marked = {int((mark - low) / width) for mark in self._marks}
        others = np.delete(self._share, sorted(marked)) if marked else self._share
        top = float(others.max()) or float(self._share.max())
        self.y_axis = Axis("share", "%", low=0.0, high=self._end_for(100 * top * HEADROOM))
        self.set_line(SERIES, centers, 100 * self._share)
        below = float(self._share[centers < 0].sum())
        self.set_summary(f"{what} {percent(below)} below zero, {percent(1 - below)} from zero on.".strip())

    def _end_for(self, least: float) -> float:
        """Where the axis ends: where it did while the bars fit and fill most of it, so that they move and not it."""
        present = self.y_axis.high or 0.0
        return present if FILLED * present <= least <= present else round_top(least)

    def paint_under(self, painter: QPainter) -> None:
        """Bars and marks, in place of the line."""
        if self._share.size:
            self._draw_bars(painter)

    def _draw_bars(self, painter: QPainter) -> None:
        t = tokens()
        area = self.area()
        low, high = self._range
        count, top = self._share.size, (self.y_axis.high or 1.0) / 100
        edges = np.rint(area.left() + np.arange(count + 1) * area.width() / count).astype(int)
        heights = np.rint(np.minimum(self._share / top, 1.0) * area.height()).astype(int)
        split = int(np.searchsorted(np.arange(count), count * -low / (high - low) - 0.5))
        positive = t.color("bit_on") if t.dark else t.blend("muted", 0.47)
        negative = t.blend("muted", 0.59) if t.dark else t.color("bit_off")
        colors = np.where(np.arange(count) < split, negative.rgb(), positive.rgb()).astype(np.uint32)
        tall = round(area.height())
        picture = bars(edges, heights, colors, tall, t.color("surface").rgb())
        painter.drawImage(int(edges[0]), round(area.bottom()) - tall, picture)
        painter.setFont(self._small_font())
        for mark in self._marks:
            share = self._share[int((mark - low) / (high - low) * count)]
            self._draw_mark(painter, area, mark, share if share > top else None)

    def _draw_mark(self, painter: QPainter, area: QRectF, mark: float, share: float | None) -> None:
        """share: written where the bar at the mark runs off the top."""
        low, high = self._range
        x = area.left() + (mark - low) / (high - low) * area.width()
        painter.setPen(QPen(tokens().color("warning"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(round(x), round(area.top()), round(x), round(area.bottom()))
        if share is None:
            return
        painter.setPen(tokens().color("muted"))
        side = Qt.AlignmentFlag.AlignLeft if mark < 0 else Qt.AlignmentFlag.AlignRight
        box = QRectF(x + 5, area.top() + 14, 60, 14) if mark < 0 else QRectF(x - 65, area.top() + 14, 60, 14)
        painter.drawText(box, side, percent(share))


def bars(edges: Ints, heights: Ints, colors: NDArray[np.uint32], tall: int, ground: int) -> QImage:
    """Bars [n] from the floor up, between edges [n + 1], a pixel apart where there is room: a picture so many tall.

    A hundred rectangles, one by one, would take Qt ten times as long. colors: RGB32 of each; ground: of what is bare.
    """
    columns = np.arange(edges[0], edges[-1])
    bar = np.searchsorted(edges, columns, "right") - 1
    widths = np.diff(edges)[bar]
    shown = np.where((columns < edges[bar + 1] - 1) | (widths == 1), heights[bar], 0)
    from_floor = np.arange(tall, 0, -1)[:, None]
    return rgb(np.where(from_floor <= shown, colors[bar], np.uint32(ground)))


def round_top(least: float) -> float:
    """The lowest round number from `least` on, above 0."""
    power = 10.0 ** np.floor(np.log10(max(least, 1e-9)))
    return float(power * next(top for top in TOPS if top * power >= least * (1 - 1e-9)))
