"""What a lab is asked to do: rows of named controls over its plots, and the models to choose among."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractButton, QComboBox, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from app.session import Session
from app.theme import GRID
from app.widgets.card import label
from app.widgets.step_slider import StepSlider
from engine.labs import Source

Control = tuple[str, QWidget]
"""Words before a control, "" for none, and the control."""


class LabOptions(QWidget):
    """Subclasses make their controls, hand them to `add_rows` and offer what they ask for as a request.

    `changed` is emitted with every choice, and after `refresh_models`, which is called whenever there are other models.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)
        session.models_changed.connect(self._models_changed)

    def refresh_models(self) -> None:
        """List the models anew (`models`), where there is a choice among them."""

    def models(self, form: Literal["packed", "float"]) -> dict[str, str]:
        """Titles by key of the models of a form, also in training; what was not loaded yet is taken for packed."""
        forms = {info.key: info.form for info in self.session.infos.values()}
        return {one.key: one.title for one in self.session.models if forms.get(one.key, "packed") == form}

    def source(self, box: QComboBox) -> Source:
        """The model that is chosen in a list of them, "" for none. Raises BadInput where it is not there yet."""
        return self.session.source(box.currentData())

    def add_rows(self, *rows: Sequence[Control]) -> None:
        """Lay controls out in rows; what a person changes in them is announced."""
        for controls in rows:
            row = QHBoxLayout()
            row.setSpacing(GRID)
            for words, control in controls:
                if words:
                    row.addWidget(label(words, "muted"))
                row.addWidget(control)
                self._announce(control)
            row.addStretch(1)
            self._column.addLayout(row)

    def _models_changed(self) -> None:
        self.refresh_models()
        self.changed.emit()

    def _announce(self, control: QWidget) -> None:
        match control:
            case QComboBox():
                control.currentIndexChanged.connect(self.changed)
            case QSpinBox():
                control.valueChanged.connect(self.changed)
            case StepSlider():
                control.moved.connect(self.changed)
            case QLineEdit():
                control.textChanged.connect(self.changed)
            case QAbstractButton():
                control.toggled.connect(self.changed)


def spin(name: str, low: int, high: int, value: int) -> QSpinBox:
    """A box for a whole number, called so."""
    made = QSpinBox()
    made.setRange(low, high)
    made.setValue(value)
    made.setAccessibleName(name)
    made.setToolTip(name)
    return made
