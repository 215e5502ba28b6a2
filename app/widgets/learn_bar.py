"""The Learn page's toolbar: run, step, stop, reset; what is trained and how; what evaluates."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget, QWidgetAction

from app.session import Session
from app.theme import GAP, GRID
from app.widgets.card import label
from app.widgets.run_fields import RunFields
from app.widgets.segmented import mode_switch
from engine.training.models import NAMES

SPIN_WIDTHS = (94, 104)
"""Of learning rate and epochs: what their usual values take, not their largest."""
PICKER_WIDTHS = (112, 84)
"""What the pickers of model and kind shrink to in a narrow window."""
MODELS = {name: re.sub(r"(\d)x(\d)", r"\1×\2", name) for name in NAMES}
KINDS = {"binary": "Binary", "float": "Float twin"}
LOSSES = {"cross-entropy": "Cross-entropy", "squared-hinge": "Squared hinge"}
SCHEDULES = {"cosine": "Cosine to zero", "constant": "Constant"}
ROUNDING = {"deterministic": "Deterministic", "stochastic": "Stochastic"}
OUTPUTS = {"batchnorm": "Batch-norm", "bias": "Bias, one scale"}
RUN_TEXT = {"none": "▶ Run", "paused": "▶ Resume", "lost": "▶ Resume", "finished": "▶ Run", "stopped": "▶ Run"}


class LearnBar(QFrame):
    """Pokes the session; everything shown comes from it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._session = session
        self.fields = RunFields(session)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GRID, GAP, GRID)
        row.setSpacing(GRID - 2)
        self.run = self._button("▶ Run", "Train, or rest (Space)", session.toggle_run)
        self.run.setProperty("primary", True)
        self.run.setMinimumWidth(90)
        self.step = self._button("Step", "One training step, then rest (S)", session.step_once)
        self.stop = self._button("Stop", "Save and end the run", session.stop_run)
        self.reset = self._button("Reset", "Begin anew from the first step (R)", session.reset_run)
        for widget in (self.run, self.step, self.stop, self.reset, *self._pickers(), self._settings_button()):
            row.addWidget(widget)
        row.addStretch(1)
        self.mode = mode_switch()
        self.mode.chosen.connect(session.set_mode)
        row.addWidget(self.mode)
        session.run_changed.connect(self.refresh)
        session.children_changed.connect(self.refresh)
        session.mode_changed.connect(self._refresh_mode)
        session.backends_changed.connect(self._refresh_mode)
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
        self.step.setEnabled(run.state != "lost")
        self.stop.setEnabled(run.active)
        self.reset.setEnabled(run.state not in ("none", "lost"))

    def _pickers(self) -> list[QWidget]:
        f = self.fields
        pickers: list[QWidget] = [
            f.choice("model", "Model", MODELS, "Hidden layers: width × number. Trained on MNIST."),
            f.choice("kind", "Kind", KINDS, "1-bit weights and activations, or the ordinary float network beside it"),
            f.rate("learning_rate", "Learning rate", "lr ", "Adam's learning rate; changes while it runs"),
            f.integer("epochs", "Epochs", "epochs ", "Passes over the training images; changes while it runs"),
        ]
        for picker, width in zip(pickers[:2], PICKER_WIDTHS, strict=True):
            picker.setMinimumWidth(width)
        for picker, width in zip(pickers[-2:], SPIN_WIDTHS, strict=True):
            picker.setFixedWidth(width)
        return pickers

    def _settings_button(self) -> QToolButton:
        """The rest of the configuration in a popover."""
        panel = QWidget()
        form = QFormLayout(panel)
        form.setContentsMargins(14, 10, 14, 12)
        form.setSpacing(GRID)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        f = self.fields
        for text, control in (
            ("Batch size", f.integer("batch_size", "Batch size", "", "Images a step; changes while it runs")),
            ("Loss", f.choice("loss", "Loss", LOSSES, "What is minimised")),
            ("Schedule", f.choice("schedule", "Schedule", SCHEDULES, "How the learning rate goes over the run")),
            ("Weights", f.choice("weights", "Rounding of weights", ROUNDING, "How the sign is taken in training")),
            ("Activations", f.choice("activations", "Rounding of activations", ROUNDING, "The same, of activations")),
            ("Output", f.choice("output", "Output layer", OUTPUTS, "What follows the last product")),
            ("Scores", f.integer("evaluations_per_epoch", "Scores per epoch", "", "How often the test set is scored")),
            ("Seed", f.integer("seed", "Seed", "", "Equal seeds repeat a run exactly")),
        ):
            named = label(text, "muted")
            named.setMinimumHeight(control.sizeHint().height())
            named.setBuddy(control)
            form.addRow(named, control)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(panel)
        menu.addAction(action)
        button = QToolButton()
        button.setText("Settings")
        button.setAccessibleName("More settings of the run")
        button.setToolTip("Batch size, loss, schedule, rounding, output, scores, seed")
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        return button

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
