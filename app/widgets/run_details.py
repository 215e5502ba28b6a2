"""The card of one kept run: its name and note to be written over, what it was, and what can be done with it."""

from __future__ import annotations

import time
from typing import Literal

from PySide6.QtCore import QSignalBlocker, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QFocusEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from app import run_words
from app.session import Session
from app.theme import GRID
from app.why import explain
from app.widgets.card import Card, label
from app.widgets.live_label import FittingLabel
from app.widgets.strip import size
from engine.config import RunConfig
from engine.messages.runs import KeptCheckpoint, RunRow

FACTS = ("What", "Method", "Trained", "Reached", "From", "Changed")


class Note(QPlainTextEdit):
    """A few lines of text; `written` when the focus leaves it with another text in it."""

    written = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._before = ""
        self.setPlaceholderText("A note…")
        self.setAccessibleName("Note about the run")
        self.setToolTip("What to remember of the run; kept when you leave the field")
        self.setTabChangesFocus(True)
        self.setFixedHeight(58)

    def show_text(self, text: str) -> None:
        """Show a text, unless a person is writing another one."""
        self._before = text
        if not self.hasFocus() and self.toPlainText() != text:
            self.setPlainText(text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.toPlainText().strip() != self._before:
            self.written.emit(self.toPlainText())


class RunDetails(Card):
    """Pokes the session. `show_run` says which run it is of; `done` when a run was opened here."""

    done = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__("Run")
        self._session, self._library = session, session.library
        self._row: RunRow | None = None
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the run")
        self.name.setToolTip("What to call the run (F2); empty for its folder's name")
        self.name.editingFinished.connect(self._rename)
        self.note = Note()
        self.note.written.connect(self._write_note)
        self.facts = {name: FittingLabel() for name in FACTS}
        self._body = QWidget()
        grid = QGridLayout(self._body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID + 4)
        grid.setVerticalSpacing(4)
        grid.addWidget(self.name, 0, 0, 1, 2)
        self._names = {name: label(name, "muted") for name in FACTS}
        for row, name in enumerate(FACTS, 1):
            grid.addWidget(self._names[name], row, 0)
            grid.addWidget(self.facts[name], row, 1)
        grid.addWidget(self.note, len(FACTS) + 1, 0, 1, 2)
        grid.addLayout(self._branch_row(), len(FACTS) + 2, 0, 1, 2)
        grid.addLayout(self._action_row(), len(FACTS) + 3, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        self.nothing = label("Select a run to see what it was, to go on with it, or to branch from it.", "muted")
        self.nothing.setWordWrap(True)
        self.body.addWidget(self._body)
        self.body.addWidget(self.nothing)
        self.body.addStretch(1)
        self.show_run(None)
        explain(
            self,
            "What the selected run was: network, data, method, how long it trained and what it reached. Open it, "
            "branch from a kept checkpoint, or take it away.",
            "Accuracies in % on the test set as they were written down while it trained; seconds are of training "
            "alone.",
            "methods",
        )

    # ------------------------------------------------------------ making

    def _branch_row(self) -> QHBoxLayout:
        self.checkpoints = QComboBox()
        self.checkpoints.setAccessibleName("Kept checkpoint to branch from")
        self.checkpoints.setToolTip("Kept after epochs 1, 2, 4, 8, … and at the newest save")
        self.checkpoints.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.branch = _button("Branch from it", "A new run that goes on from this checkpoint; this one stays as it is")
        self.branch.clicked.connect(lambda _checked=False: self._branch())
        row = QHBoxLayout()
        row.setSpacing(GRID - 2)
        row.addWidget(self.checkpoints, 1)
        row.addWidget(self.branch)
        return row

    def _action_row(self) -> QHBoxLayout:
        self.open = _button("Open", "Show it as it was saved, at rest; Run goes on exactly there (Enter)")
        self.open.clicked.connect(lambda _checked=False: self.open_run())
        self.export = QToolButton()
        self.export.setText("Export")
        self.export.setAccessibleName("Export the run")
        self.export.setToolTip("Take the run away: metrics, network, or all of it")
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.export)
        menu.addAction("Metrics as CSV…", lambda: self._export("csv", "CSV (*.csv)"))
        menu.addAction("Model file…", lambda: self._export("model", "Model (*.safetensors)"))
        menu.addAction("Whole run as zip…", lambda: self._export("zip", "Zip (*.zip)"))
        self.export.setMenu(menu)
        self.folder = _button("Folder", "Open the run's folder")
        self.folder.clicked.connect(lambda _checked=False: self._open_folder())
        self.delete = _button("Delete", "Take it out of the list; Undo brings it back (Delete)")
        self.delete.clicked.connect(lambda _checked=False: self._library.delete(self._key))
        row = QHBoxLayout()
        row.setSpacing(GRID - 2)
        for control in (self.open, self.export, self.folder):
            row.addWidget(control)
        row.addStretch(1)
        row.addWidget(self.delete)
        return row

    # ------------------------------------------------------------ what is shown

    @property
    def _key(self) -> str:
        return "" if self._row is None else self._row.key

    def show_run(self, row: RunRow | None) -> None:
        """Show what is known of a run, or that none is selected."""
        if row is not None and row.key != self._key:
            self.note.clearFocus()  # what was written belongs to the run before
            self._library.read(row.key)
        self._row = row
        self._body.setVisible(row is not None)
        self.nothing.setVisible(row is None)
        self.title.setText("Run")
        if row is not None:
            self._show(row)

    def _show(self, row: RunRow) -> None:
        if not self.name.hasFocus():
            self.name.setText(row.title)
        self.name.setPlaceholderText(row.name)
        self.note.show_text(row.note)
        self.set_hint(run_words.when(row.created, time.time()))
        facts = self._facts(row)
        for name, fact in self.facts.items():
            fact.say(*facts.get(name, ("",)))
            for part in (fact, self._names[name]):
                part.setVisible(name in facts)
        self._show_checkpoints(row)
        under_way = self._session.run.active and row.key == self._session.run.folder
        self.open.setEnabled(bool(row.saved) and not under_way)
        self.open.setToolTip("It is under way" if under_way else "Show it as it was saved, at rest; Run goes on there")
        self.delete.setEnabled(not under_way)
        for action in self.export.menu().actions():
            action.setEnabled(bool(row.saved) if action.text().startswith("Model") else row.config is not None)

    def _facts(self, row: RunRow) -> dict[str, tuple[str, ...]]:
        """Each fact that there is, in words, longest first."""
        if row.config is None:
            return {"What": (f"⚠ {row.problem}",)}
        c, read = row.config, self._library.reads.get(row.key)
        unusual = run_words.unusual(c)
        score = "not scored yet"
        if row.accuracy is not None and row.best is not None:
            score = f"{100 * row.accuracy:.2f} % at last, {100 * row.best:.2f} % at best"
        facts: dict[str, tuple[str, ...]] = {
            "What": (f"{run_words.model_title(c.model)} on {run_words.data_title(c.data)}, seed {c.seed}",),
            "Method": (", ".join([run_words.method(c), *unusual]), run_words.method(c)),
            "Trained": (_trained(row, c), run_words.epochs(row.epoch)),
            "Reached": (f"{score} · ⚠ {row.problem}" if row.problem else score,),
        }
        if row.origin is not None:
            facts["From"] = (f"{self._origin_name(row.origin[0])}, epoch {row.origin[2]}",)
        if read is not None and read.changes:
            changes = [f"{key.replace('_', ' ')} → {value} at step {step:,}" for step, key, value in read.changes]
            facts["Changed"] = (", ".join(reversed(changes)),)
        return facts

    def _origin_name(self, name: str) -> str:
        row = next((row for row in self._library.rows.values() if row.name == name), None)
        return name if row is None else run_words.title(row)

    def _show_checkpoints(self, row: RunRow) -> None:
        read = self._library.reads.get(row.key)
        kept = [] if read is None else list(reversed(read.checkpoints))
        if [self.checkpoints.itemData(i) for i in range(self.checkpoints.count())] != [one.path for one in kept]:
            with QSignalBlocker(self.checkpoints):
                self.checkpoints.clear()
                for one in kept:
                    self.checkpoints.addItem(checkpoint_title(one), one.path)
                self.checkpoints.setCurrentIndex(0 if kept else -1)
        self.checkpoints.setEnabled(bool(kept))
        self.branch.setEnabled(bool(kept))
        if not kept:
            self.checkpoints.setPlaceholderText("no checkpoint was kept" if read else "reading…")

    # ------------------------------------------------------------ what is done

    def open_run(self) -> None:
        """Show the run as it was saved, at rest."""
        if self._row is not None and self.open.isEnabled():
            self._session.reopen_run(self._row.saved)
            self.done.emit()

    def edit_name(self) -> None:
        """Go to the name."""
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.name.selectAll()

    def _branch(self) -> None:
        path = self.checkpoints.currentData()
        if path:
            self._session.branch_run(path)
            self.done.emit()

    def _rename(self) -> None:
        if self._row is not None and " ".join(self.name.text().split()) != self._row.title:
            self._library.rename(self._row.key, self.name.text())
        self.name.clearFocus()

    def _write_note(self, text: str) -> None:
        if self._row is not None:
            self._library.note(self._row.key, text)

    def _export(self, what: Literal["csv", "model", "zip"], kind: str) -> None:
        name = f"{self._library.name(self._key)}.{'safetensors' if what == 'model' else what}"
        path, _ = QFileDialog.getSaveFileName(self, "Export the run", name, kind)
        if path:
            self._library.export(self._key, what, path)

    def _open_folder(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(self._key)):
            self._library.refused.emit("No program opens folders here.", f"It is {self._key}.")


def _trained(row: RunRow, config: RunConfig) -> str:
    """How far, of what there was to spend: epochs, or seconds with a time limit."""
    epochs, done = run_words.epochs(row.epoch), f"{row.step:,} steps · {run_words.lasted(row.seconds)}"
    if config.time_limit is not None:
        return f"{epochs} · {done} · {run_words.time_limit(config.time_limit)}"
    return f"{epochs} of {config.epochs:,} · {done}"


def checkpoint_title(one: KeptCheckpoint) -> str:
    """ "epoch 8 · step 3,752 · 3.2 MB"."""
    newest = "newest save: " if one.newest else ""
    return f"{newest}epoch {one.epoch} · step {one.step:,} · {size(one.octets)}"


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    return button
