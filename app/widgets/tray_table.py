"""How many of one's own drawings each model reads right, beside its accuracy on its data set's test images."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QWidget

from app.figures import percent
from app.session import TRAINING, ModelChoice, Session
from app.theme import GRID
from app.tray import Tally
from app.widgets.card import label, set_role
from engine.wilson import interval

FEW = 20
"""Of fewer drawings the share itself says too little to be told."""
COLUMNS = (
    ("kept for the test", "No model was trained on these: they alone judge one that was trained on yours"),
    ("the others", "Those that “Train on mine too” trains on: no test of a model that has seen them"),
    ("data set's test", "Accuracy on the test images of the data set that the model learned from, as its file says"),
)
MARK = " +"
"""In the name of a model that was trained on drawings, too (engine.training.start)."""


class TrayTable(QScrollArea):
    """A row a model; refreshed while they are read."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._tray = session, session.tray
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("How many of your drawings each model reads right")
        self.cells: dict[tuple[str, int], QLabel] = {}
        self._shown: list[str] = []
        for signal in (self._tray.changed, self._tray.read, session.models_changed, session.model_changed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known."""
        keys = [f"{choice.key} {choice.title}" for choice in self._session.models]
        if keys != self._shown:
            self._shown = keys
            self._make_rows()
        lines = []
        for choice in self._session.models:
            why, title = self._tray.whys.get(choice.key, ""), self._title(choice)
            seen = MARK in title
            texts = ["–"] * 3 if why else self._texts(choice.key, seen=seen)
            for column, text in enumerate(texts):
                cell = self.cells[choice.key, column]
                cell.setText(text)
                cell.setToolTip(why or COLUMNS[column][1])
                set_role(cell, "muted" if text == "–" or (seen and column == 1) else "")
            self.cells[choice.key, -1].setText(title)
            set_role(self.cells[choice.key, -1], "title" if choice.key == self._session.model_key else "")
            lines.append(f"{title}: {why or ', '.join(texts)}")
        self.setAccessibleDescription("; ".join(lines))

    def _title(self, choice: ModelChoice) -> str:
        """What a model calls itself, once it was read: the saves of all runs are files of one name."""
        return choice.title if choice.key == TRAINING else self._tray.names.get(choice.key) or choice.title

    def _texts(self, key: str, *, seen: bool) -> list[str]:
        test, others = told(self._tray.tally(key, test=True)), told(self._tray.tally(key, test=False))
        accuracy = self._tray.accuracies.get(key)
        others += "  (trained on)" if seen and others != "–" else ""
        return [test, others, "–" if accuracy is None else f"{accuracy * 100:.2f} %"]

    def _make_rows(self) -> None:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, GRID, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(4)
        grid.addWidget(label("model", "muted"), 0, 0)
        for column, (title, tip) in enumerate(COLUMNS):
            head = label(title, "muted")
            head.setToolTip(tip)
            grid.addWidget(head, 0, column + 1, Qt.AlignmentFlag.AlignRight)
        self.cells = {}
        for row, choice in enumerate(self._session.models, 1):
            for column in range(-1, 3):
                cell = self.cells[choice.key, column] = label(choice.title if column < 0 else "", figures=column >= 0)
                side = Qt.AlignmentFlag.AlignLeft if column < 0 else Qt.AlignmentFlag.AlignRight
                grid.addWidget(cell, row, column + 1, side)
        grid.setColumnStretch(0, 1)
        grid.setRowStretch(len(self._session.models) + 1, 1)
        self.setWidget(holder)


def told(tally: Tally) -> str:
    """A count with its 95 % interval; the share itself only where there are enough to speak of one."""
    if not tally.read:
        return "–"
    low, high = interval(tally.right, tally.read)
    share = "" if tally.read < FEW else f"{percent(tally.right / tally.read)}  "
    return f"{share}{tally.right} of {tally.read}  ({100 * low:.0f}–{100 * high:.0f} %)"
