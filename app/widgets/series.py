"""One curve of a plot: its data, and how it is drawn in the theme in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from app.theme import Tokens, tokens
from app.widgets.axes import Floats

Paint = Callable[[Tokens], str]


@dataclass
class Series:
    """Where y is a band, `low` and `high` differ. symbol: marks each point, e.g. "o"; "" for none."""

    paint: Paint
    item: pg.PlotCurveItem | pg.PlotDataItem
    symbol: str = ""
    dash: Qt.PenStyle = Qt.PenStyle.SolidLine
    x: Floats = field(default_factory=lambda: np.empty(0))
    low: Floats = field(default_factory=lambda: np.empty(0))
    high: Floats = field(default_factory=lambda: np.empty(0))
    handed: tuple[float, ...] | None = None  # the floors at which the item was last given its data; None: not yet

    @property
    def is_band(self) -> bool:
        return self.low is not self.high

    def recolor(self) -> None:
        """Take the colours in force."""
        color = self.paint(tokens())
        self.item.setPen(pg.mkPen(color, width=1, style=self.dash))
        if self.symbol:
            self.item.setSymbol(self.symbol)
            self.item.setSymbolSize(6)
            self.item.setSymbolBrush(color)
            self.item.setSymbolPen(color)
