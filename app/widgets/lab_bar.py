"""The Labs page's tools: a tab for each lab, how far its run is, and Run, Stop and Export."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QProgressBar, QPushButton

from app.as_command import Command
from app.theme import GAP, GRID
from app.widgets.card import set_role
from app.widgets.copy_command import CopyCommand
from app.widgets.live_label import FittingLabel
from engine.messages import Progress
from engine.pace import progress_text

STEPS = 1000
"""Of the progress bar."""


class LabBar(QFrame):
    """Says what is asked of it; the page answers. `tab_chosen` carries the index of a tab."""

    tab_chosen = Signal(int)
    run_asked = Signal()
    stop_asked = Signal()
    export_asked = Signal()

    def __init__(self, titles: Sequence[str], command: Callable[[], Command]) -> None:
        """command: what the tab in front asks for."""
        super().__init__()
        self.setObjectName("bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GRID, GAP, GRID)
        row.setSpacing(GRID)
        self.tabs = QButtonGroup(self)
        for index, title in enumerate(titles):
            row.addWidget(self._tab(index, title))
        self.tabs.idClicked.connect(self.tab_chosen)
        self.state = FittingLabel("muted")
        row.addSpacing(GRID)
        row.addWidget(self.state, 1)
        self.progress = QProgressBar()
        self.progress.setFixedWidth(110)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("How far the run is")
        row.addWidget(self.progress)
        self.run = _button("Run", "Run this lab", self.run_asked)
        self.run.setProperty("primary", True)
        self.run.setMinimumWidth(76)
        self.stop = _button("Stop", "Stop this run at once", self.stop_asked)
        self.export = _button("Export…", "Save what was found as CSV, or as a picture", self.export_asked)
        for button in (self.run, self.stop, CopyCommand("this lab", command), self.export):
            row.addWidget(button)

    def show_idle(self, why_not: str, *, wrong: bool = False) -> None:
        """Nothing of this tab is under way. why_not: what keeps Run from running, or ""; wrong: by its choices."""
        self.progress.hide()
        self.run.setEnabled(not why_not)
        self.stop.setEnabled(False)
        set_role(self.state, "warning" if wrong else "muted")
        self.state.say(f"✗ {why_not}" if wrong else why_not)

    def show_running(self, event: Progress) -> None:
        """This tab's run is so far."""
        self.run.setEnabled(False)
        self.stop.setEnabled(True)
        set_role(self.state, "muted")
        self.state.say(progress_text(event), event.doing)
        self.progress.setRange(0, 0 if event.share is None else STEPS)
        self.progress.setValue(round(STEPS * (event.share or 0.0)))
        self.progress.show()

    def _tab(self, index: int, title: str) -> QPushButton:
        button = QPushButton(title)
        button.setCheckable(True)
        button.setProperty("flat", True)
        button.setAccessibleName(f"Lab: {title}")
        button.setToolTip(f"Lab: {title}")
        self.tabs.addButton(button, index)
        return button


def _button(text: str, tip: str, asked: SignalInstance) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.clicked.connect(lambda: asked.emit())
    return button
