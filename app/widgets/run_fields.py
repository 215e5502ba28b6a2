"""Controls bound to the run's configuration: each shows what is in force and changes what may change."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from app.options import BY_KEY, Option, title_of
from app.session import Notice, Session
from app.widgets.numbers import OptionalSpin, RateSpin, number_box
from app.widgets.rate_slider import RateSlider
from engine.choices import CHOICES, RANGES
from engine.config import RunConfig
from engine.errors import FlipscopeError

Control = TypeVar("Control", bound=QWidget)

FIXED = "Fixed while a run is under way: it determines the run from its first step. Stop or reset to change it."


class RunFields(QObject):
    """Makes the controls and keeps them true; `refreshed` carries the settings that are shown, as attributes.

    A control of a live setting tunes the run under way; the others are disabled meanwhile and say why. Without a run
    all of them change what the next one will be.
    """

    refreshed = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._controls: dict[str, tuple[QWidget, Callable[[Any], None]]] = {}
        session.run_changed.connect(self.refresh)

    def __getitem__(self, key: str) -> QWidget:
        return self._controls[key][0]

    def control(self, key: str, prefix: str = "") -> QWidget:
        """The control that suits a setting: a list of named choices, a box for a number, a slider, or text.

        prefix: what a box writes before the number.
        """
        option = BY_KEY[key]
        if key in CHOICES:
            return self._list(option)
        if key not in RANGES:
            return self._text(option)
        low, high = RANGES[key]
        if option.none:
            return self._optional(option, low, high)
        if option.slider:
            slider = RateSlider(option.title, low, high)
            slider.moved.connect(lambda value: self.change(key, value))
            return self.keep(key, slider, slider.show_value)
        box = number_box(low, high, whole=isinstance(getattr(RunConfig(), key), int))
        box.setPrefix(prefix)
        box.valueChanged.connect(lambda value: self.change(key, value))
        return self.keep(key, box, lambda value: _set_unless_equal(box, value))

    def keep(self, key: str, control: Control, show: Callable[[Any], None]) -> Control:
        """Take a control under care: it is named, enabled or not, and shown the value that is in force."""
        if not isinstance(control, RateSlider):
            control.setAccessibleName(BY_KEY[key].title)
        if isinstance(control, QSpinBox | QDoubleSpinBox):
            control.setKeyboardTracking(False)
            control.lineEdit().setTextMargins(8, 0, 0, 0)  # style sheets do not reach in there
            control.lineEdit().returnPressed.connect(control.clearFocus)  # the page's keys work again
        self._controls[key] = (control, show)
        return control

    def change(self, key: str, value: Any) -> None:
        """Change a setting; what cannot be is told on the page, and the controls show what is."""
        try:
            self._session.tune(key, value)
        except FlipscopeError as error:
            self._session.noticed.emit(Notice("learn", error.what, error.remedy))
            self.refresh()

    @property
    def values(self) -> SimpleNamespace:
        """The settings in force, as attributes: of the run under way, else of the next one."""
        session = self._session
        return SimpleNamespace(**(session.run.config.to_json() if session.run.active else session.draft.values))

    def refresh(self) -> None:
        """Show the settings in force."""
        values, active = self.values, self._session.run.active
        for key, (control, show) in self._controls.items():
            with QSignalBlocker(control):
                show(getattr(values, key))
            option, fixed = BY_KEY[key], active and not BY_KEY[key].live
            control.setEnabled(not fixed)
            more = "; changes while it runs" if option.live else ""
            control.setToolTip(FIXED if fixed else f"{option.line_of(getattr(values, key))}{more}")
        self.refreshed.emit(values)

    # ------------------------------------------------------------ kinds of controls

    def _list(self, option: Option) -> QComboBox:
        box = QComboBox()
        for value, line in CHOICES[option.key].items():
            box.addItem(title_of(value), value)
            box.setItemData(box.count() - 1, line[:1].upper() + line[1:], Qt.ItemDataRole.ToolTipRole)
        box.activated.connect(lambda _: self.change(option.key, box.currentData()))
        return self.keep(option.key, box, lambda value: box.setCurrentIndex(box.findData(value)))

    def _optional(self, option: Option, low: float, high: float) -> OptionalSpin:
        box = OptionalSpin(low, high, option.none)
        box.valueChanged.connect(lambda _: self.change(option.key, box.number))
        return self.keep(option.key, box, box.show_number)

    def _text(self, option: Option) -> QLineEdit:
        line = QLineEdit()
        line.editingFinished.connect(lambda: self.change(option.key, line.text()))
        return self.keep(option.key, line, lambda value: line.setText(str(value)))


def _set_unless_equal(spin: QSpinBox | QDoubleSpinBox | RateSpin, value: Any) -> None:
    """Leave a number alone that a person may be typing over."""
    if not math.isclose(spin.value(), value, rel_tol=1e-9):
        spin.setValue(value)
