"""A slider over many decades with its value beside it: an instrument to play with while a network trains."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from app.theme import GRID
from app.widgets.card import label

STEPS = 40
"""Positions a decade."""


class RateSlider(QWidget):
    """Log scale from `low` to `high`; `moved` gives the value a person chose. Arrow keys: a fortieth of a decade.

    name: of what it sets, for those who do not see it.
    """

    moved = Signal(float)

    def __init__(self, name: str, low: float, high: float) -> None:
        super().__init__()
        self._low, self._high = low, high
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round(STEPS * math.log10(high / low)))
        self.slider.setPageStep(STEPS)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(name)
        self.slider.setMinimumWidth(90)
        self.slider.valueChanged.connect(self._moved)
        self.text = label("", figures=True)
        self.text.setMinimumWidth(62)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.slider, 1)
        row.addWidget(self.text)
        self._value = low
        self.show_value(low)

    @property
    def value(self) -> float:
        """What it stands at."""
        return self._value

    def show_value(self, value: float) -> None:
        """Show a value without announcing it, unless a person holds the slider; it need not lie on a position."""
        if self.slider.isSliderDown():
            return
        self._value = value
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(STEPS * math.log10(max(value, self._low) / self._low)))
        self._write()

    def setEnabled(self, enabled: bool) -> None:
        """Enable the slider; its value stays readable."""
        self.slider.setEnabled(enabled)

    def _moved(self, position: int) -> None:
        value = min(self._low * 10 ** (position / STEPS), self._high)
        self._value = float(f"{value:.2g}")
        self._write()
        self.moved.emit(self._value)

    def _write(self) -> None:
        self.text.setText(f"{self._value:.2g}".replace("e-0", "e-"))
        self.slider.setAccessibleDescription(self.text.text())
