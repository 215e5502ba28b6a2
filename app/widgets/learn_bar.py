"""The Learn page's toolbar: run, step, stop, reset; what is trained and how, with the knobs at hand; what evaluates."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app import as_command, run_words
from app.options import BY_KEY, Section
from app.session import Session
from app.theme import GAP, GRID
from app.widgets.copy_command import CopyCommand
from app.widgets.fitting_button import FittingButton
from app.widgets.knobs import Knobs
from app.widgets.run_fields import RunFields
from app.widgets.segmented import mode_switch

SPIN_WIDTHS = {"learning_rate": 94, "epochs": 112}
"""What their usual values take, not their largest."""
RUN_TEXT = {"none": "▶ Run", "paused": "▶ Resume", "lost": "▶ Resume", "finished": "▶ Run", "stopped": "▶ Run"}
CHOSEN: dict[Section, tuple[str, str, int]] = {
    "data": ("Data", "Choose a data set, yours too, and how it is augmented", 64),
    "network": ("Network", "Choose the network and what of it is one bit", 72),
    "method": ("Method", "Choose how it is trained, and everything else (Ctrl+,)", 60),
}
"""Buttons that open the settings at a section: name, tip, least width."""


class LearnBar(QFrame):
    """Pokes the session; everything shown comes from it. `section_asked`: the settings are wanted, or no more ("")."""

    section_asked = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._session = session
        self.fields = RunFields(session)
        self.run = self._button("▶ Run", "Train, or rest (Space)", session.toggle_run)
        self.run.setProperty("primary", True)
        self.run.setMinimumWidth(90)
        self.step = self._button("Step", "One training step, then rest (S)", session.step_once)
        self.stop = self._button("Stop", "Save and end the run", session.stop_run)
        self.reset = self._button("Reset", "Begin anew from the first step (R)", session.reset_run)
        self.runs = QPushButton("Runs")
        self.runs.setCheckable(True)
        self.runs.setAccessibleName("Kept runs")
        self.runs.setToolTip("Kept runs: look through them, compare, open, branch (Ctrl+R)")
        self.mode = mode_switch()
        self.mode.chosen.connect(session.set_mode)
        row = QHBoxLayout()
        row.setSpacing(GRID - 2)
        for widget in (self.run, self.step, self.stop, self.reset, *self._chosen(), *self._spins()):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(CopyCommand("this run", self._command))
        row.addWidget(self.runs)
        row.addWidget(self.mode)
        self.knobs = Knobs(self.fields)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GRID, GAP, GRID)
        column.setSpacing(GRID - 2)
        column.addLayout(row)
        column.addWidget(self.knobs)
        session.run_changed.connect(self.refresh)
        session.children_changed.connect(self.refresh)
        session.mode_changed.connect(self._refresh_mode)
        session.backends_changed.connect(self._refresh_mode)
        self.fields.refreshed.connect(self._name_chosen)
        self.fields.refresh()
        self.refresh()
        self._refresh_mode()

    def refresh(self) -> None:
        """Offer what makes sense now."""
        run = self._session.run
        begun = run.step > 0 or run.state != "paused"
        text = "❚❚ Pause" if run.moving else RUN_TEXT[run.state] if begun else "▶ Run"
        self.run.setText(text)
        self.run.setAccessibleName(text.split(" ")[1])
        able = run.active or run.state == "lost" or self._session.draft.problem is None
        self.run.setEnabled(able)
        self.step.setEnabled(able and run.state != "lost")
        self.stop.setEnabled(run.active)
        self.reset.setEnabled(run.state not in ("none", "lost") and self._session.draft.problem is None)

    def show_section(self, section: str) -> None:
        """Mark the button of the section that is shown; "" for none."""
        for key, button in self.sections.items():
            button.setChecked(key == section)

    def _command(self) -> as_command.Command:
        """Of the run that is seen, else of the one that is composed."""
        session = self._session
        if not session.run.name:
            return as_command.of_config(session.draft.config())
        return as_command.of_run(session.run, raced=session.race.ghost is not None)

    def _chosen(self) -> list[QWidget]:
        self.sections = {key: FittingButton(*words) for key, words in CHOSEN.items()}
        for key, button in self.sections.items():
            button.setCheckable(True)
            button.clicked.connect(lambda on, key=key: self.section_asked.emit(key if on else ""))
        return list(self.sections.values())

    def _spins(self) -> list[QWidget]:
        spins = [self.fields.control("learning_rate", "lr "), self.fields.control("epochs", "epochs ")]
        for spin, width in zip(spins, SPIN_WIDTHS.values(), strict=True):
            spin.setFixedWidth(width)
        return spins

    def _name_chosen(self, values: SimpleNamespace) -> None:
        """Write what is chosen on the buttons."""
        for key in SPIN_WIDTHS:
            self.fields[key].setVisible(BY_KEY[key].shown(values))
        kind = run_words.KINDS.get(values.kind)
        self.sections["data"].say(run_words.data_title(values.data))
        self.sections["network"].say(run_words.model_title(values.model) + (f", {kind}" if kind else ""))
        self.sections["method"].say(run_words.OPTIMIZERS.get(values.optimizer, values.optimizer))

    def _refresh_mode(self) -> None:
        self.mode.select(self._session.mode)
        for key, info in (("float", self._session.float_backend), ("xnor", self._session.xnor_backend)):
            self.mode.set_tip(
                key, f"{info.name} on {info.device} (X switches)" if info else "No such backend is ready yet"
            )

    @staticmethod
    def _button(text: str, tip: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleName(text)
        button.clicked.connect(lambda _checked=False: slot())
        return button
