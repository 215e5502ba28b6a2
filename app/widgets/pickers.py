"""Lists to pick from, on the labs' panels."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

LETTERS = 9
"""Of a choice that are seen at least, on the smallest screen."""


class Picker(QComboBox):
    """A list of choices that shows both ends of the chosen one where there is no room, and all of it in the tip."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.currentTextChanged.connect(lambda text: self.setToolTip(f"{self._name}: {text}" if text else self._name))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()
        option.currentText = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideMiddle, room - 2)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


def picker(name: str) -> QComboBox:
    """A list of choices, called so: as wide as the longest where there is room, never under LETTERS."""
    made = Picker(name)
    made.setMinimumContentsLength(LETTERS)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return made


def fill(box: QComboBox, models: dict[str, str], first: str) -> None:
    """List models by path; keep the choice, or take `first`."""
    wanted = box.currentData() if box.count() else first
    with QSignalBlocker(box):
        box.clear()
        for path, title in models.items():
            box.addItem(title, path)
        box.setCurrentIndex(max(0, box.findData(wanted)))
