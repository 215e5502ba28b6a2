"""A card: a titled surface with a hint on the title's line and one body below. Labels by role, too."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget

from app.theme import GRID, mono, theme
from app.widgets.live_label import FittingLabel


class Card(QFrame):
    """Title in semibold at the left, unit or hint in muted text at the right, the body underneath.

    Add the body with `body.addWidget`; extra controls go on the title's line with `add_to_header`.
    """

    def __init__(self, title: str, hint: str = "", *, figures: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(14, 10, 14, 12)
        outer.setSpacing(GRID)
        self._header = QHBoxLayout()
        self._header.setSpacing(GRID)
        self.title = label(title, "title")
        self.hint = FittingLabel("muted", figures=figures)
        self.hint.say(hint)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._header.addWidget(self.title)
        self._header.addWidget(self.hint, 1)
        outer.addLayout(self._header)
        self.body = QVBoxLayout()
        self.body.setSpacing(GRID)
        outer.addLayout(self.body, 1)

    def add_to_header(self, item: QWidget | QLayout) -> None:
        """Put a control at the right end of the title's line."""
        if isinstance(item, QWidget):
            self._header.addWidget(item)
        else:
            self._header.addLayout(item)

    def set_hint(self, text: str) -> None:
        """Change the hint."""
        self.hint.say(text)


def label(text: str = "", role: str = "", *, figures: bool = False) -> QLabel:
    """A label with a role that the style sheet knows: "title", "muted", "warning", "good"; or "" for plain."""
    made = QLabel(text)
    if role:
        made.setProperty("role", role)
    if figures:
        made.setFont(mono())
    return made


def set_role(target: QLabel, role: str) -> None:
    """Change a label's role and repaint it accordingly."""
    if target.property("role") != role:
        target.setProperty("role", role)
        target.style().unpolish(target)
        target.style().polish(target)


def keep_link_color(words: QLabel) -> None:
    """Have the links in a label in the colour of the theme in force, also after it turned."""
    theme().changed.connect(_Links(words).take_color)


class _Links(QObject):
    """The links of a label, whose colour is taken from the palette when a text is set, and only then."""

    def __init__(self, words: QLabel) -> None:
        super().__init__(words)
        self._words = words

    def take_color(self) -> None:
        """Have the links in the colour of the theme that is in force now."""
        text = self._words.text()
        self._words.clear()
        self._words.setText(text)
