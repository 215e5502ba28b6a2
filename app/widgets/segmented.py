"""A segmented switch: a few exclusive choices side by side, each in its own colour."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from app.theme import Tokens, theme, tokens

Choice = tuple[str, str, Callable[[Tokens], str]]
"""key, text, and the colour of the segment when it is chosen."""


class Segmented(QWidget):
    """Exclusive choices; the arrow keys move between them. `chosen` fires for a person's choice, not for `select`."""

    chosen = Signal(str)

    def __init__(
        self,
        name: str,
        choices: tuple[Choice, ...],
        parent: QWidget | None = None,
        *,
        least: int = 64,
        padding: int = 8,
    ) -> None:
        """least: pixels of a segment. padding: pixels at either side of its text."""
        super().__init__(parent)
        self._padding = padding
        self._choices = choices
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.setAccessibleName(name)
        for key, text, _ in choices:
            button = QPushButton(text)
            button.setCheckable(True)
            bold = QFont(button.font())
            bold.setBold(True)  # as the chosen one is: room for it, so that nothing moves
            button.setMinimumWidth(max(least, QFontMetrics(bold).horizontalAdvance(text) + 2 * padding + 4))
            button.setAccessibleName(f"{name}: {text}")
            button.setToolTip(f"{name}: {text}")
            button.clicked.connect(lambda _checked=False, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            self._buttons[key] = button
            row.addWidget(button)
        theme().changed.connect(self._recolor)
        self._recolor()

    @property
    def current(self) -> str:
        """Key of the chosen segment, "" for none."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def select(self, key: str) -> None:
        """Show a choice without announcing it."""
        self._buttons[key].setChecked(True)

    def set_tip(self, key: str, text: str) -> None:
        """Explain a segment."""
        self._buttons[key].setToolTip(text)

    def button(self, key: str) -> QPushButton:
        """The button of a segment."""
        return self._buttons[key]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        keys = list(self._buttons)
        if move is None or not self.current:
            event.ignore()
            return
        key = keys[min(max(keys.index(self.current) + move, 0), len(keys) - 1)]
        if key != self.current:
            self._buttons[key].click()
        self._buttons[key].setFocus()

    def _recolor(self) -> None:
        t = tokens()
        last = len(self._choices) - 1
        on_color = "#0C0D10" if t.dark else "#FFFFFF"
        for index, (key, _, paint) in enumerate(self._choices):
            left, right = (6 if index == 0 else 0), (6 if index == last else 0)
            self._buttons[key].setStyleSheet(
                f"QPushButton {{ background: transparent; color: {t.muted}; border: 1px solid {t.line};"
                f" border-top-left-radius: {left}px; border-bottom-left-radius: {left}px;"
                f" border-top-right-radius: {right}px; border-bottom-right-radius: {right}px;"
                f" padding-left: {self._padding}px; padding-right: {self._padding}px; }}"
                f"QPushButton:checked {{ background: {paint(t)}; color: {on_color}; font-weight: 600; }}"
                f"QPushButton:focus {{ border: 1px solid {t.text}; }}"
                f"QPushButton:disabled {{ color: {t.line}; }}"
            )


def mode_switch(parent: QWidget | None = None) -> Segmented:
    """The Float | XNOR switch, the same on every page; keys "float" and "xnor"."""
    choices = (("float", "Float", lambda t: t.float_), ("xnor", "XNOR", lambda t: t.xnor))
    made = Segmented("What evaluates", choices, parent)
    made.set_tip("float", "The same network in float32 (X switches)")
    made.set_tip("xnor", "The same network in packed bits, by xor and popcount (X switches)")
    return made
