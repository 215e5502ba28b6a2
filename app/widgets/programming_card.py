"""The programming slider: how hard and how long a cell is written, what that costs, and what accuracy is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QSlider

from app.figures import digits
from app.theme import GRID
from app.why import explain
from app.widgets.card import Card, label
from app.widgets.energy_plot import FEMTO, EnergyPlot, Mark
from app.widgets.live_label import FittingLabel
from engine.faults.programming import RANGES, SAFE, Choice, Curve, Junction, choice
from engine.labs.faults import FaultPoint

WIDEST = "I = 10.00 I_c"
"""The longest that is written beside a slider, so that it moves nothing."""
PARAMETERS = (
    ("stability", "Δ", "", 1.0, "Thermal stability"),
    ("critical_current", "I_c", " µA", 1e-6, "Critical current"),
    ("resistance", "R", " kΩ", 1e3, "Resistance"),
    ("relaxation", "τ", " ns", 1e-9, "Relaxation time"),
)
"""Field of Junction, sign, unit, its size, name."""
OVERDRIVES = (110, 400)
"""Of the slider, in hundredths of the critical current."""
PULSES = 1000
"""Steps of the pulse's slider, up to the pulse that leaves SAFE bit errors."""
NETWORK, CODED = "no ECC", "SECDED"


class ProgrammingCard(Card):
    """Reads accuracies off the curves that were measured; everything else is a model, and says so."""

    def __init__(self) -> None:
        super().__init__("Programming energy", f"a macrospin model; against one wrong bit in {1 / SAFE:,.0f}")
        self.junction = Junction()
        self.loss = 1e-3
        self._curves: dict[str, Curve] = {}
        self._bits = 0
        self.spins: dict[str, QDoubleSpinBox] = {}
        self.plot = EnergyPlot("The sweep's accuracy against energy appears here.")
        self.plot.add_line(NETWORK, lambda t: t.xnor)
        self.plot.add_line(CODED, lambda t: t.text)
        self.overdrive, self.overdrive_told = self._slider("Current over the critical one", OVERDRIVES, 200)
        self.pulse, self.pulse_told = self._slider("Length of the pulse", (0, PULSES), 400)
        self.told, self.best = FittingLabel("muted"), FittingLabel()
        self.body.addLayout(self._parameters())
        self.body.addLayout(self._sliders())
        self.body.addWidget(self.plot, 1)
        for line in (self.told, self.best):
            self.body.addWidget(line)
        self.refresh()
        explain(
            self,
            "What weak programming would save: accuracy against the energy of writing all weights, by a model of a "
            "magnetic cell. The mark is the best pulse that costs no more accuracy than allowed.",
            "Energies are the model's with the parameters above, not measured; accuracies are read off the curves "
            "that were measured at the left.",
            "faults",
        )

    def show_points(self, network: Sequence[FaultPoint], coded: Sequence[FaultPoint], bits: int) -> None:
        """Take over what was measured so far; bits: weights of the network."""
        self._bits = bits
        self._curves = {
            name: Curve([p.rate for p in points], [float(p.accuracies.mean()) for p in points], coded=name == CODED)
            for name, points in ((NETWORK, network), (CODED, coded))
            if len(points) > 1
        }
        self.plot.clear_lines()
        self.refresh()

    def refresh(self) -> None:
        """Show the model at the sliders, and the best choice for each curve."""
        overdrive, pulse = self._overdrive(), self._pulse()
        rate = float(self.junction.bit_error_rate(overdrive, pulse))
        energy = float(self.junction.energy(overdrive, pulse))
        self.overdrive_told.setText(f"I = {overdrive:.2f} I_c")
        self.pulse_told.setText(f"t = {1e9 * pulse:.2f} ns")
        whole = f", {1e9 * energy * self._bits:.0f} nJ for {self._bits:,} bits" if self._bits else ""
        short = f"{digits(rate, 2) if rate > 1e-4 else f'{rate:.1e}'} of the bits wrong, {FEMTO * energy:.0f} fJ a bit"
        self.told.say(short + whole, short)
        self.best.say("")
        self.plot.show_marks(())
        if NETWORK in self._curves:
            for name, curve in self._curves.items():
                self.plot.show_curve(name, self.junction, overdrive, curve)
            self._show_best(choice(self.junction, overdrive, self._curves[NETWORK], max(rate, SAFE)))

    # ------------------------------------------------------------ the best choice

    def _show_best(self, here: Choice) -> None:
        overdrive, curve = self._overdrive(), self._curves[NETWORK]
        safe = choice(self.junction, overdrive, curve, SAFE)
        best = choice(self.junction, overdrive, curve, curve.bearable(self.loss))
        saved, lost = _percent(1 - best.energy / safe.energy), 100 * (safe.accuracy - best.accuracy)
        words = f"Without ECC {saved} of the energy is saved at a loss of {lost:.2f} points"
        if CODED in self._curves:
            coded = self._curves[CODED]
            other = choice(self.junction, overdrive, coded, coded.bearable(self.loss))
            words += f"; with SECDED {_percent(1 - other.energy / safe.energy)}"
        self.best.say(words, f"Without ECC −{saved} energy at −{lost:.2f} points")
        self.plot.show_marks([Mark(here, lambda t: t.flip), Mark(best, lambda t: t.xnor, f"−{saved}")])
        self.plot.set_summary(f"{words}.")

    def _overdrive(self) -> float:
        return self.overdrive.value() / 100

    def _pulse(self) -> float:
        return float(self.junction.pulse(self._overdrive(), SAFE)) * self.pulse.value() / PULSES

    def _changed(self) -> None:
        values = {}
        for name, _, _, size, _ in PARAMETERS:
            low, high = RANGES[name]
            values[name] = min(max(self.spins[name].value() * size, low), high)  # a limit itself, but for rounding
        self.junction = replace(self.junction, **values)
        self.refresh()

    # ------------------------------------------------------------ making it

    def _slider(self, name: str, span: tuple[int, int], value: int) -> tuple[QSlider, QLabel]:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(*span)
        slider.setValue(value)
        slider.setAccessibleName(name)
        slider.setToolTip(name)
        slider.valueChanged.connect(self.refresh)
        return slider, label("", figures=True)

    def _parameters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        for name, sign, unit, size, words in PARAMETERS:
            spin = QDoubleSpinBox()
            low, high = RANGES[name]
            spin.setRange(max(0.1, round(low / size, 9)), round(high / size, 9))
            spin.setDecimals(0 if size >= 1.0 and not unit else 1)
            spin.setValue(getattr(self.junction, name) / size)
            spin.setSuffix(unit)
            spin.setMinimumWidth(62)
            spin.setAccessibleName(words)
            spin.setToolTip(words)
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._changed)
            self.spins[name] = spin
            row.addWidget(label(sign, "muted"))
            row.addWidget(spin, 1)
        return row

    def _sliders(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(GRID)
        for column, (slider, told) in enumerate(((self.overdrive, self.overdrive_told), (self.pulse, self.pulse_told))):
            told.setMinimumWidth(told.fontMetrics().horizontalAdvance(WIDEST))
            grid.addWidget(slider, 0, 2 * column)
            grid.addWidget(told, 0, 2 * column + 1)
        return grid


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
