"""Accuracy against the energy of programming a bit, along pulses of every length at one current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.theme import tokens
from app.widgets.plot import Axis, Paint, Plot
from engine.faults.programming import SAFE, Choice, Curve, Junction

STRETCHES = 200
FEMTO = 1e15
RADIUS = 5.0


@dataclass(frozen=True)
class Mark:
    """A choice on its curve; best ones are ringed, and named."""

    choice: Choice
    paint: Paint
    name: str = ""


class EnergyPlot(Plot):
    """One curve for each way of storing: `add_line` declares it."""

    def __init__(self, empty: str) -> None:
        energy, accuracy = Axis("energy of a bit", "fJ"), Axis("accuracy", "%", low=0.0, high=100.0)
        super().__init__("Accuracy against energy", energy, accuracy, empty=empty)
        self._marks: Sequence[Mark] = ()

    def show_curve(self, name: str, junction: Junction, overdrive: float, curve: Curve) -> None:
        """Draw a measured curve from the weakest pulse to one that leaves SAFE bit errors."""
        pulses = np.linspace(0.0, float(junction.pulse(overdrive, SAFE)), STRETCHES)
        energies = FEMTO * junction.energy(overdrive, pulses) * curve.overhead
        self.set_line(name, energies, 100 * curve.accuracy(junction.bit_error_rate(overdrive, pulses)))

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Mark choices."""
        self._marks = marks
        self.redraw()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """The marks go under what every plot writes."""
        if self.has_data:
            for mark in self._marks:
                self._draw_mark(painter, mark)
        super().drawForeground(painter, rect)

    def _draw_mark(self, painter: QPainter, mark: Mark) -> None:
        at = self.to_pixels(FEMTO * mark.choice.energy, 100 * mark.choice.accuracy)
        color = QColor(mark.paint(tokens()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush if mark.name else color)
        painter.drawEllipse(at, RADIUS, RADIUS)
        painter.setFont(self._small_font())
        painter.drawText(QRectF(at.x() + RADIUS + 3, at.y() + RADIUS, 200, 14), Qt.AlignmentFlag.AlignLeft, mark.name)
