"""The dialog about one setting of a run: what it is about, what its choices are, and the way to its lesson."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from app.lesson_dialog import opening
from app.lessons import settings
from app.options import Option, title_of
from app.theme import GAP, GRID, theme
from app.widgets.card import label
from engine.choices import CHOICES, RANGES


class SettingDialog(QDialog):
    """What a setting is about, and each of its choices, the one in force in bold."""

    def __init__(self, option: Option, value: object, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(option.title)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(GAP)
        column.addWidget(label(option.title, "title"))
        text = opening(label(settings().get(option.key, option.line)))
        text.setWordWrap(True)
        text.setMinimumWidth(460)
        column.addWidget(text)
        column.addLayout(_choices(option, value))
        when = "It may be changed while a run is under way." if option.live else "It is fixed once a run has begun."
        column.addWidget(label(when, "muted"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())  # the style's own is not of the theme
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        theme().dress(self)


def _choices(option: Option, value: object) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(GAP)
    grid.setVerticalSpacing(GRID)
    for row, (choice, line) in enumerate(CHOICES.get(option.key, {}).items()):
        said = label(line, "muted")
        said.setWordWrap(True)
        grid.addWidget(label(title_of(choice), "title" if choice == value else ""), row, 0)
        grid.addWidget(said, row, 1)
    if option.key in RANGES:
        low, high = RANGES[option.key]
        grid.addWidget(label(f"From {low:g} to {high:g}; now {value:g}." if isinstance(value, int | float) else
                             f"From {low:g} to {high:g}; now {option.none}.", "muted"), 0, 0, 1, 2)  # fmt: skip
    grid.setColumnStretch(1, 1)
    return grid
