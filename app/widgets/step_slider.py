"""A slider over a few whole numbers, the one it stands at beside it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from app.theme import GRID
from app.widgets.card import label


class StepSlider(QWidget):
    """Arrow keys go from number to number; `moved` is emitted with every change.

    name: of what it sets, for those who do not see it. stops: ascending.
    """

    moved = Signal(int)

    def __init__(self, name: str, stops: Sequence[int], value: int) -> None:
        super().__init__()
        self._stops = tuple(stops)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(self._stops) - 1)
        self.slider.setPageStep(1)
        self.slider.setMinimumWidth(90)
        self.slider.setMaximumWidth(150)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(name)
        self.text = label("", figures=True)
        self.text.setMinimumWidth(self.text.fontMetrics().horizontalAdvance(str(max(stops))) + 4)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.slider, 1)
        row.addWidget(self.text)
        self.slider.valueChanged.connect(self._moved)
        self.slider.setValue(self._stops.index(value))
        self._write()

    @property
    def value(self) -> int:
        """The number it stands at."""
        return self._stops[self.slider.value()]

    def set_value(self, value: int) -> None:
        """Move it to one of its numbers."""
        self.slider.setValue(self._stops.index(value))

    def _moved(self, _position: int) -> None:
        self._write()
        self.moved.emit(self.value)

    def _write(self) -> None:
        self.text.setText(str(self.value))
        self.slider.setAccessibleDescription(self.text.text())
