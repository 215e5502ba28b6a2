"""A lab in words: its question, method, limits and source; what its paper claims, apart from what was measured here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.labs import About
from app.lesson_dialog import lesson_link
from app.theme import GRID
from app.why import explain
from app.widgets.card import Card, label, set_role

NOTHING_YET = "Nothing yet: press Run."


class LabAbout(Card):
    """The words beside a lab's panel, scrolled where they are long."""

    def __init__(self, about: About) -> None:
        super().__init__("About this lab")
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, GRID, 0)
        self._column.setSpacing(GRID // 2)
        self._say("Question", about.question)
        self.measured = self._say("Measured here", NOTHING_YET)
        set_role(self.measured, "muted")
        self._say("The paper claims", "\n".join(f"• {claim}" for claim in about.claims))
        self._say("Method", about.method)
        self._say("Limits", about.limits)
        self._say("Source", about.source)
        self._column.addWidget(lesson_link(about.lesson))
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidget(holder)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("About this lab")
        self.body.addWidget(area, 1)
        explain(
            self,
            "What this lab asks and how it answers, and where the answer ends. What its paper claims stands apart from "
            "what was measured here.",
            "Under 'Measured here' are figures of the run in this window alone; claims are quoted from the paper.",
            about.lesson,
        )

    def show_measured(self, text: str) -> None:
        """Say what was measured here; "" for nothing yet."""
        self.measured.setText(text or NOTHING_YET)
        set_role(self.measured, "" if text else "muted")

    def _say(self, title: str, text: str) -> QLabel:
        if self._column.count():
            self._column.addSpacing(GRID // 2)
        self._column.addWidget(label(title, "title"))
        words = label(text)
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.addWidget(words)
        return words
