"""The status line: what the run is doing, how fast, what is saved, whether the children are ready."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.figures import digits
from app.race import Ghost, Race
from app.run_view import RunView
from app.run_words import time_limit
from app.session import Session
from app.theme import GAP, theme, tokens
from app.time_to_accuracy import epochs_in
from app.why import explain
from app.widgets.card import label
from app.widgets.live_label import LiveLabel

NAMES = {"trainer": "the trainer", "inference": "the inference worker"}
WORDS = {
    "none": "Ready",
    "starting": "Starting",
    "running": "Training",
    "yielding": "Gives way",
    "waiting": "Waits",
    "paused": "Paused",
    "evaluating": "Scoring the test set",
    "saving": "Saving",
    "finished": "Finished",
    "stopped": "Stopped",
    "lost": "Trainer lost",
}


class StatusLine(QFrame):
    """One line under the page, refreshed four times a second while something changes."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setAccessibleName("State of training")
        self.setFixedHeight(28)
        self._session = session
        self._saved_at: float | None = None
        self._saved_path = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, 0, GAP, 0)
        row.setSpacing(GAP)
        self._light = Light()
        self._state = label()
        self._figures = LiveLabel("muted", figures=True)
        self._saved = label("", "muted")
        self._children = label("", "muted")
        for part in (self._light, self._state, self._figures):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self._children)
        row.addWidget(self._saved)
        explain(
            self,
            "What training is doing, how far it is, in how long and how fast, by native kernels of this processor or "
            "by plain torch (point at it for why), and when it was saved last. Looking is the share of its time that "
            "goes into the pictures you see.",
            "Seconds of training, scoring and looking included, pauses not. Steps a second over the newest ones, at "
            "rest over all of it; looking in % of the trainer's time.",
            "flip",
        )
        self._timer = QTimer(self, interval=250)
        self._timer.timeout.connect(self._refresh)
        self._timer.start()
        self._refresh()

    def _refresh(self) -> None:
        if not self.isVisible() and self._state.text():
            return
        run = self._session.run
        gone = self._session.gone
        waiting = [name for name, ready in self._session.ready.items() if not ready and name not in gone]
        state = WORDS[run.state]
        if run.state == "none" and waiting:
            state = "Starting up"
        self._state.setText(state + _how_far(run) + _racing(self._session.race, run))
        self._light.show_state(run.state, bool(waiting))
        ghost = self._session.race.ghost
        self._figures.setText(_of_ghost(ghost) if ghost is not None and ghost.state == "going" else _figures(run))
        self._figures.setToolTip(run.stepper_why)
        told = [f"{NAMES[name]} is starting…" for name in waiting] + [f"{NAMES[name]} is gone" for name in sorted(gone)]
        self._children.setText(" · ".join(told))
        self._saved.setText(self._saved_text(run))

    def _saved_text(self, run: RunView) -> str:
        if run.refused is not None:
            self._saved.setToolTip(run.refused.what)
            return f"⚠ Not saved since step {run.saved.step:,}" if run.saved else "⚠ Not saved yet"
        if run.saved is None:
            return ""
        if run.saved.path + str(run.saved.step) != self._saved_path:
            self._saved_path = run.saved.path + str(run.saved.step)
            self._saved_at = time.monotonic()
        self._saved.setToolTip(run.saved.path)
        ago = time.monotonic() - (self._saved_at or 0.0)
        when = "just now" if ago < 5 else f"{ago:.0f} s ago" if ago < 90 else f"{ago / 60:.0f} min ago"
        return f"Saved at step {run.saved.step:,} · {when}"


class Light(QWidget):
    """A dot that repeats the state's word in colour: green at work, amber at rest, red lost, grey idle."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(10, 10)
        self._color = QColor()
        theme().changed.connect(self.update)

    def show_state(self, state: str, waiting: bool) -> None:
        """Take the colour of a state."""
        t = tokens()
        names = {"running": t.xnor, "evaluating": t.xnor, "saving": t.xnor, "paused": t.flip, "lost": t.warning}
        idle = t.muted if waiting else t.xnor
        color = QColor(names.get(state, idle))
        if color != self._color:
            self._color = color
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._color)
        painter.setPen(self._color)
        painter.drawEllipse(1, 1, 7, 7)


def _how_far(run: RunView) -> str:
    epochs, limit = run.config.epochs, run.config.time_limit
    if not run.active:
        return ""
    if limit is not None:  # then epochs are no budget
        return f" · epoch {int(run.epoch) + 1} · {time_limit(limit)}"
    return f" · epoch {min(int(run.epoch) + 1, epochs)} of {epochs}" if epochs else ""


def _racing(race: Race, run: RunView) -> str:
    if not race.under_way or race.ghost is None:
        return ""
    if race.ghost.state == "starting":
        return " · plain torch is starting"
    if run.state == "paused":
        return " · the race rests too"
    if race.ghost.state == "going":
        return " · plain torch's turn" if run.active else " · plain torch goes on alone"
    return " · racing plain torch, in turns"


def _of_ghost(ghost: Ghost) -> str:
    speed = f"{digits(ghost.step / ghost.time, 2)} steps/s by " if ghost.time else ""
    return f"{epochs_in(ghost.epoch, ghost.time)}   step {ghost.step:,}   {speed}{ghost.stepper}"


def _figures(run: RunView) -> str:
    if not run.name:
        return ""
    parts = [epochs_in(run.epoch, run.time), f"step {run.step:,}"]
    if run.moving and run.steps_per_second:
        parts.append(f"{run.steps_per_second:,.0f} steps/s by {run.stepper}")
        parts.append(f"looking costs {100 * run.probe_fraction:.1f} %")
    elif run.time:
        parts.append(f"{run.step / run.time:,.0f} steps/s by {run.stepper}")
    return "   ".join(parts)
