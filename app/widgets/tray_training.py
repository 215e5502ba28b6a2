"""Training a model on with the drawings in the tray: which, how much of them, and how far it is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSpinBox

from app.as_command import Command, of_training_on
from app.session import TRAINING, Notice, Session
from app.theme import GRID
from app.widgets.card import Card, label, set_role
from app.widgets.copy_command import CopyCommand
from engine.config import RunConfig
from engine.errors import BadInput

MOST_EPOCHS = 20


class TrayTraining(Card):
    """Starts a run through the session and follows it; the model that comes out is put on the list and used."""

    def __init__(self, session: Session) -> None:
        super().__init__("Train on mine too")
        self._session, self._tray = session, session.tray
        self._asked = False
        self._run = self._before = ""
        self._said_of: list[str] = []  # files of the models, one after the other in use, that what is said is true of
        self.share = _spin("Share of your drawings in what is trained on", 1, 90, round(RunConfig.extra_share * 100))
        self.share.setSuffix(" %")
        self.epochs = _spin("Epochs", 1, MOST_EPOCHS, 1)
        self.train = QPushButton("Train")
        self.train.setProperty("primary", True)
        self.train.setAccessibleName("Train the model in use on your drawings too")
        self.train.clicked.connect(lambda _checked=False: self.begin())
        self.stop = QPushButton("Stop")
        self.stop.setAccessibleName("Stop training and keep what there is")
        self.stop.clicked.connect(lambda _checked=False: session.stop_run())
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How far training is")
        self.words = label("", "muted")
        self.words.setWordWrap(True)
        self._lay_out()
        for signal in (self._tray.changed, session.run_changed, session.model_changed, session.models_changed):
            signal.connect(self.refresh)
        session.noticed.connect(self._noticed)
        self.refresh()

    @property
    def following(self) -> bool:
        """Whether the run that was begun here is under way."""
        return self._asked or (self._run == self._session.run.name and self._run != "" and self._session.run.active)

    def model(self) -> str:
        """The file of the model in use. Raises BadInput where it is in none."""
        if not (path := self._file()):
            raise BadInput("The model in use is not saved yet.", "Choose another, or wait for its first save.")
        return path

    def _file(self) -> str:
        key, saved = self._session.model_key, self._session.run.saved
        if key != TRAINING:
            return key
        return "" if saved is None else saved.path

    def changes(self) -> dict[str, Any]:
        """What is set of the run."""
        share = self.share.value() / 100
        return {"extra": self._tray.path, "extra_share": share, "epochs": self.epochs.value()}

    def command(self) -> Command:
        """The line that does the same. Raises BadInput."""
        return of_training_on(self.model(), self.changes())

    def begin(self) -> None:
        """Train."""
        try:
            model = self.model()
        except BadInput as error:
            self._said_of = [self._file()]
            self._say(str(error), "warning")
            return
        self._said_of = []
        self._asked, self._run, self._before = True, "", self._session.run.name
        self._session.train_on(model, self.changes())

    def refresh(self) -> None:
        """Show how far it is, or what it would do."""
        run = self._session.run
        if self._asked and run.active and run.name != self._before:
            self._asked, self._run = False, run.name
        self.train.setVisible(not self.following)
        self.stop.setVisible(self.following)
        self.bar.setVisible(self.following)
        teaching = sum(not one.test for one in self._tray.drawings)
        self.train.setEnabled(teaching > 0 and self._session.model is not None)
        if self.following:
            self._follow()
        elif self._run and run.name == self._run and run.saved is not None:
            self._finish(run.saved.path)
        elif not self._stays():
            self._say(self._intent(teaching))

    def _stays(self) -> bool:
        """Whether what was said is still true of the model in use; one that was left does not bring it back."""
        file = self._file()
        self._said_of = self._said_of[self._said_of.index(file) :] if file in self._said_of else []
        return bool(self._said_of)

    def _follow(self) -> None:
        run = self._session.run
        self.bar.setRange(0, 1000)
        self.bar.setValue(min(1000, round(1000 * run.epoch / max(1, run.config.epochs))))
        rate = run.steps_per_second
        left = (run.config.epochs - run.epoch) * run.steps_per_epoch / rate if rate else None
        soon = "" if left is None else f", about {_time(left)} left"
        self._say("It begins…" if self._asked else f"Epoch {run.epoch:.2f} of {run.config.epochs}{soon}.")

    def _finish(self, path: str) -> None:
        self._run, self._said_of = "", [self._file(), path]
        self._session.open_model(path)
        self._say(
            "Done: the new model is in use, and in the table. Compare it with the one that it began with.", "good"
        )

    def _intent(self, teaching: int) -> str:
        if self._session.model is None:
            return "No model is in use yet."
        if not teaching:
            return "Keep a drawing or two first."
        ends = " The run under way is saved and ended first." if self._session.run.active else ""
        drawings = "1 drawing" if teaching == 1 else f"{teaching} drawings"
        return (
            f"A new run begins with {self._session.model.name}, and learns its data set and {drawings} of yours, "
            f"warped anew each time; those marked T are left out.{ends}"
        )

    def _noticed(self, notice: Notice) -> None:
        if self._asked and notice.page == "learn":
            self._asked, self._said_of = False, [self._file()]
            self._say(f"⚠ {notice.what} {notice.remedy}".strip(), "warning")
            self.refresh()

    def _say(self, words: str, role: str = "muted") -> None:
        self.words.setText(words)
        set_role(self.words, role)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for part in (label("share", "muted"), self.share, label("epochs", "muted"), self.epochs):
            row.addWidget(part)
        row.addStretch(1)
        for button in (CopyCommand("this training", self.command), self.stop, self.train):
            row.addWidget(button)
        self.body.addLayout(row)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.words)


def _spin(name: str, low: int, high: int, value: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.lineEdit().setTextMargins(8, 0, 0, 0)  # style sheets do not reach in there
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    return box


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
