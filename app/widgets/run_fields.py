"""Controls bound to the run's configuration: each shows what is in force and changes what may change."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QSignalBlocker
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox, QWidget

from app.session import Session
from engine.config import LIVE, RANGES, RunConfig

Control = TypeVar("Control", bound=QWidget)

NUMBER = "0123456789.eE+-"
FIXED = "Fixed while a run is under way: it determines the run from its first step. Stop or reset to change it."


class RateSpin(QDoubleSpinBox):
    """A positive number on a log scale: each step is a tenth of a decade, written with three digits."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.setDecimals(10)
        self.setRange(low, high)
        self.setKeyboardTracking(False)

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
        if set(text.removeprefix(self.prefix())) - set(NUMBER):
            return QValidator.State.Invalid, text, position
        try:
            good = self.minimum() <= self.valueFromText(text) <= self.maximum()
        except ValueError:
            good = False
        return (QValidator.State.Acceptable if good else QValidator.State.Intermediate), text, position


class RunFields(QObject):
    """Makes the controls and keeps them true.

    A control of a live setting tunes the run under way; the others are disabled meanwhile and say why. Without a run
    all of them change what the next one will be.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._controls: dict[str, tuple[QWidget, Callable[[Any], None], str]] = {}
        session.run_changed.connect(self.refresh)

    def __getitem__(self, key: str) -> QWidget:
        return self._controls[key][0]

    def choice(self, key: str, name: str, texts: dict[str, str], tip: str) -> QComboBox:
        """A picker; texts: value to what the list shows."""
        box = QComboBox()
        for value, text in texts.items():
            box.addItem(text, value)
        box.activated.connect(lambda _: self._session.tune(key, box.currentData()))

        def show(value: Any) -> None:
            if box.findData(value) < 0:
                box.addItem(str(value), value)
            box.setCurrentIndex(box.findData(value))

        return self._keep(key, name, box, show, tip)

    def integer(self, key: str, name: str, prefix: str, tip: str) -> QSpinBox:
        """A whole number within what the configuration allows."""
        spin = QSpinBox()
        low, high = RANGES[key]
        spin.setRange(int(low), min(int(high), 2**31 - 1))
        spin.setPrefix(prefix)
        spin.setKeyboardTracking(False)
        spin.setGroupSeparatorShown(True)
        spin.valueChanged.connect(lambda value: self._session.tune(key, value))
        return self._keep(key, name, spin, lambda value: _set_unless_equal(spin, value), tip)

    def rate(self, key: str, name: str, prefix: str, tip: str) -> RateSpin:
        """A positive number on a log scale."""
        spin = RateSpin(*RANGES[key])
        spin.setPrefix(prefix)
        spin.valueChanged.connect(lambda value: self._session.tune(key, value))
        return self._keep(key, name, spin, lambda value: _set_unless_equal(spin, value), tip)

    def refresh(self) -> None:
        """Show the configuration in force: of the run under way, else of the next one."""
        run = self._session.run
        config: RunConfig = run.config if run.active else self._session.wanted_config()
        for key, (control, show, tip) in self._controls.items():
            with QSignalBlocker(control):
                show(getattr(config, key))
            fixed = run.active and key not in LIVE
            control.setEnabled(not fixed)
            control.setToolTip(FIXED if fixed else tip)

    def _keep(self, key: str, name: str, control: Control, show: Callable[[Any], None], tip: str) -> Control:
        control.setAccessibleName(name)
        if isinstance(control, QSpinBox | QDoubleSpinBox):
            control.lineEdit().setTextMargins(8, 0, 0, 0)  # style sheets do not reach in there
            control.lineEdit().returnPressed.connect(control.clearFocus)  # the page's keys work again
        self._controls[key] = (control, show, tip)
        return control


def _set_unless_equal(spin: QSpinBox | QDoubleSpinBox, value: Any) -> None:
    """Leave a number alone that a person may be typing over."""
    if not math.isclose(spin.value(), value, rel_tol=1e-9):
        spin.setValue(value)
