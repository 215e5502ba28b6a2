"""One setting in the settings panel: its name, its control, one line of what it is now, and the way to its lesson."""

from __future__ import annotations

from types import SimpleNamespace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

from app.options import Option
from app.setting_dialog import SettingDialog
from app.theme import GRID
from app.widgets.card import label

NAME_WIDTH = 128


class SetupRow(QWidget):
    """Shown where the setting means something beside the others."""

    def __init__(self, option: Option, control: QWidget) -> None:
        super().__init__()
        self.option, self.control = option, control
        self._value: object = None
        name = label(option.title, "muted")
        name.setFixedWidth(NAME_WIDTH)
        name.setBuddy(control)
        lesson = QToolButton()
        lesson.setText("?")
        lesson.setProperty("flat", True)
        lesson.setAccessibleName(f"About: {option.title}")
        lesson.setToolTip(f"What is this? {option.title}")
        lesson.clicked.connect(lambda _checked=False: SettingDialog(option, self._value, self.window()).open())
        self.line = label("", "muted")
        self.line.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(3)
        top = Qt.AlignmentFlag.AlignTop
        name.setMinimumHeight(lesson.sizeHint().height())
        grid.addWidget(name, 0, 0, top)
        grid.addWidget(control, 0, 1)
        grid.addWidget(lesson, 0, 2, top)
        grid.addWidget(self.line, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)

    def refresh(self, values: SimpleNamespace, *, odd: bool) -> None:
        """Write what the setting is with the value in force. odd: the settings make no sense together."""
        self._value = getattr(values, self.option.key)
        self.setVisible(self.option.shown(values, odd=odd))
        self.line.setText(self.option.line_of(self._value))
