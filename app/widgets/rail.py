"""The rail at the left of the window: a button for each page, and at its foot theme and help."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout

from app.icons import icon
from app.theme import theme, tokens


class Rail(QFrame):
    """`page_asked` carries the name of a page."""

    page_asked = Signal(str)
    theme_asked = Signal()
    help_asked = Signal()

    def __init__(self, pages: Sequence[tuple[str, str]]) -> None:
        """pages: name and text of each."""
        super().__init__()
        self.setObjectName("rail")
        self.setFixedWidth(72)
        self._group = QButtonGroup(self)
        self.pages: dict[str, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 6, 8)
        for index, (name, text) in enumerate(pages):
            button = _button(text, f"{text} page (Ctrl+{index + 1})")
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, name=name: self.page_asked.emit(name))
            self._group.addButton(button)
            self.pages[name] = button
            column.addWidget(button)
        column.addStretch(1)
        self.theme, self.help = _button("Theme", "Light or dark (Ctrl+T)"), _button("Help", "This page, lessons, keys")
        for button, asked in ((self.theme, self.theme_asked), (self.help, self.help_asked)):
            button.clicked.connect(lambda _=False, asked=asked: asked.emit())
            column.addWidget(button)
        theme().changed.connect(self._recolor)
        self._recolor()

    def mark(self, page: str) -> None:
        """Show which page is in front."""
        self.pages[page].setChecked(True)

    def _recolor(self) -> None:
        t = tokens()
        for name, button in self.pages.items():
            button.setIcon(icon(name, t.text))
        self.theme.setIcon(icon("theme", t.muted))
        self.help.setIcon(icon("help", t.muted))


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setProperty("flat", True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setIconSize(QSize(22, 22))
    button.setFixedSize(60, 54)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
