"""Accuracy against a rate of broken bits: means over the bands of their draws, 0 at a place of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.theme import tokens
from app.widgets.axes import Floats, figure, to_view
from app.widgets.plot import Axis, Paint, Plot
from app.widgets.series import Series
from engine.labs.faults import FaultPoint

ZERO = 1e-7
"""Where 0 stands on the axis of rates."""
LOWEST, HIGHEST = ZERO / 2, 0.7
BAND_ALPHA = 55


class RatePlot(Plot):
    """One curve a series, grown point by point; the shade about it reaches from its lowest to its highest draw."""

    def __init__(self, name: str, empty: str) -> None:
        rates = Axis("share of bits broken", log=True, low=LOWEST, high=HIGHEST, zero=ZERO)
        super().__init__(name, rates, Axis("accuracy", "%", low=0.0, high=100.0), empty=empty)
        self._bands: dict[str, tuple[Floats, Floats]] = {}
        self._claim: tuple[float, str] | None = None

    def add_series(self, name: str, paint: Paint) -> None:
        """Declare a curve."""
        self.add_line(name, paint, symbol=True)

    def show_points(self, name: str, points: Sequence[FaultPoint]) -> None:
        """Show a series, its rates ascending."""
        drawn = [100 * point.accuracies for point in points]
        low, mean, high = (np.array([of(each) for each in drawn]) for of in (np.min, np.mean, np.max))
        self._bands[name] = (low, high)
        self.set_line(name, [point.rate for point in points], mean)

    def set_claim(self, rate: float, words: str) -> None:
        """Mark a rate that a paper speaks of."""
        self._claim = (rate, words)
        self.redraw()

    def reading(self, x: float) -> list[tuple[str, str]]:
        """The exact figures nearest to x: mean, and lowest and highest draw where they differ."""
        lines = super().reading(x)
        shown = [(name, s) for name, s in self.series.items() if s.x.size]
        for row, (name, s) in enumerate(shown, 1):
            index = int(np.argmin(np.abs(s.x - x)))
            low, high = (float(side[index]) for side in self._bands[name])
            if low < high:
                text, color = lines[row]
                lines[row] = (f"{text} ({figure(low)} to {figure(high)})", color)
        return lines

    # ------------------------------------------------------------ painting

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Bands, and the mark of a claim about them, go under what every plot writes."""
        for name, (low, high) in self._bands.items():
            self._draw_band(painter, self.series[name], low, high)
        if self._claim is not None and self.has_data:
            self._draw_claim(painter, *self._claim)
        super().drawForeground(painter, rect)

    def _draw_band(self, painter: QPainter, s: Series, low: Floats, high: Floats) -> None:
        if s.x.size < 2:
            return
        x = to_view(self.x_axis, s.x, float(np.log10(ZERO)))
        edge = [*zip(x, high, strict=True), *zip(x[::-1], low[::-1], strict=True)]
        color = QColor(s.paint(tokens()))
        color.setAlpha(BAND_ALPHA)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPolygon(QPolygonF([self.to_pixels(*place) for place in edge]))

    def _draw_claim(self, painter: QPainter, rate: float, words: str) -> None:
        at, area = self._position_of(rate), self.area()
        painter.setPen(QPen(tokens().color("muted"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()))
        painter.setFont(self._small_font())
        beside = QRectF(area.left() + 4, area.top(), at - area.left() - 10, area.height() * 0.75)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(beside, flags, words)
