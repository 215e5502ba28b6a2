"""Boxes for numbers of a run: rates on a log scale, counts, and numbers that may be left out."""

from __future__ import annotations

import math

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

NUMBER = "0123456789.eE+-"
PLAIN = str.maketrans(",٫٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "..01234567890123456789")
"""What keyboards have in place of a point and of 0 to 9."""


class DecimalSpin(QDoubleSpinBox):
    """A number with a decimal point, which may be typed as whatever the keyboard has in its place."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        state: tuple[QValidator.State, str, int] = super().validate(text.translate(PLAIN), position)
        return state


class RateSpin(DecimalSpin):
    """A positive number on a log scale: each step is a tenth of a decade, written with three digits."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.setDecimals(10)
        self.setRange(low, high)

    def stepBy(self, steps: int) -> None:
        """Up and down by 10^0.1, onto two significant digits."""
        value = self.value() * 10 ** (steps / 10)
        digits = 1 - math.floor(math.log10(value))
        self.setValue(round(value, digits))

    def textFromValue(self, value: float) -> str:
        return f"{value:.3g}"

    def valueFromText(self, text: str) -> float:
        return float(text.removeprefix(self.prefix()).strip())

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        text = text.translate(PLAIN)
        if set(text.removeprefix(self.prefix())) - set(NUMBER):
            return QValidator.State.Invalid, text, position
        try:
            good = self.minimum() <= self.valueFromText(text) <= self.maximum()
        except ValueError:
            good = False
        return (QValidator.State.Acceptable if good else QValidator.State.Intermediate), text, position


class OptionalSpin(DecimalSpin):
    """A number or none: at its least value it says what none stands for."""

    def __init__(self, low: float, high: float, none: str) -> None:
        super().__init__()
        self.setDecimals(3 if high <= 10 else 0)
        self.setRange(0.0, high)
        self.setSingleStep(0.05 if high <= 10 else 30.0)
        self.setSpecialValueText(none)
        self._low = low

    @property
    def number(self) -> float | None:
        """The number, or None."""
        return None if self.value() == self.minimum() else max(self.value(), self._low)

    def show_number(self, number: float | None) -> None:
        """Show a number, or none."""
        self.setValue(self.minimum() if number is None else number)


def number_box(low: float, high: float, *, whole: bool) -> QSpinBox | QDoubleSpinBox:
    """The box that suits a range: counts step by one, ranges over many decades by a tenth of one."""
    if whole:
        count = QSpinBox()
        count.setRange(int(low), min(int(high), 2**31 - 1))
        count.setGroupSeparatorShown(True)
        return count
    if low > 0 and high / low >= 1000:
        return RateSpin(low, high)
    share = DecimalSpin()
    share.setDecimals(3)
    share.setRange(low, high)
    share.setSingleStep(0.05)
    return share
