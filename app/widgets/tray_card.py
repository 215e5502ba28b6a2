"""The row of the Draw page for drawings of one's own: what the present one is, and those that are kept."""

from __future__ import annotations

from functools import cached_property

from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout

from app.session import Notice, Session
from app.theme import GRID
from app.why import explain
from app.widgets.canvas import Canvas
from app.widgets.card import label
from app.widgets.tray_dialog import TrayDialog
from app.widgets.tray_strip import TrayStrip
from engine import digits
from engine.messages import Image

KEY = 24
"""Pixels a side of a button."""


class TrayCard(QFrame):
    """Keeps what is on the canvas, with what it is; the button at its end opens the table and training."""

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("Your digits")
        self._session, self._tray, self._canvas = session, session.tray, canvas
        self.strip = TrayStrip(session)
        self.title, self.told = label("Your digits", "title"), label("", "muted")
        self.more = self._button("Test and train…", "How many each model reads right, and training on them too")
        self.more.clicked.connect(lambda _checked=False: self.show_dialog())
        self.undo = self._button("Undo", "Take back the last change of your drawings (Ctrl+Z in the strip)")
        self.undo.clicked.connect(lambda _checked=False: self._tray.undo())
        self.keys = [self._key(digit) for digit in range(10)]
        self._lay_out()
        explain(
            self,
            "Drawings that you kept with their true label, by a digit's key or button: ✓ the model in use reads them "
            "right, ✗ as what. T: kept for the test alone, which every third is, and never trained on.",
            f"Counts of drawings. They lie in '{self._tray.path}' and never leave this machine.",
            "data",
        )
        for signal in (self._tray.changed, self._tray.read, session.model_changed):
            signal.connect(self.refresh)
        self.refresh()

    def keep(self, digit: int) -> None:
        """Keep what is drawn as this digit, and take it off the canvas for the next one."""
        drawn = self._drawn()
        if drawn is None:
            self.told.setText("draw a digit first")
        elif self._tray.keep(drawn, digit):
            self._canvas.clear()
        else:
            full = f"The tray is full: it has {len(self._tray.drawings):,} drawings."
            self._session.noticed.emit(Notice("draw", full, "Delete some that you no longer need."))

    def _drawn(self) -> Image | None:
        """What is on the canvas, prepared, u8 [28, 28]; a picture as it was prepared for a network of such images."""
        picture, grey = self._canvas.bare_picture, self._canvas.grey()
        if picture is not None and picture.image is not None and picture.image.shape == (digits.SIDE, digits.SIDE, 1):
            return picture.image[..., 0]
        return None if grey is None else digits.prepare(grey)

    def show_dialog(self) -> None:
        """Show how every model does on these drawings, and training on them."""
        self.dialog.show()
        self.dialog.raise_()

    @cached_property
    def dialog(self) -> TrayDialog:
        """Made when it is wanted first."""
        return TrayDialog(self._session, self.window())

    def refresh(self) -> None:
        """Have the model in use read what it has not, and say how many it has right."""
        self._name_undo()
        key = self._session.model_key
        tally = self._tray.tally(key)
        if not self._tray.busy:
            self._tray.ask([key])
        if not tally.count:
            self.told.setText("none kept yet")
        elif key in self._tray.whys:
            self.told.setText(f"{tally.count} kept")
        else:
            self.told.setText(f"{tally.right} of {tally.read} read right")

    def _name_undo(self) -> None:
        stack = self._tray.undo_stack
        self.undo.setVisible(stack.canUndo())
        self.undo.setText(f"Undo {stack.undoText()}")
        self.undo.setAccessibleName(f"{self.undo.text()}, of your drawings")

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(2 * GRID)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self.title)
        words.addWidget(self.told)
        words.addStretch(1)
        keys = QGridLayout()
        keys.setSpacing(2)
        for digit, button in enumerate(self.keys):
            keys.addWidget(button, digit // 5, digit % 5)
        row.addLayout(words)
        row.addWidget(label("this is a", "muted"))
        row.addLayout(keys)
        row.addWidget(self.strip, 1)
        row.addWidget(self.undo)
        row.addWidget(self.more)

    def _key(self, digit: int) -> QPushButton:
        button = self._button(str(digit), f"Keep the drawing as a {digit} (key {digit})")
        button.setStyleSheet("padding: 0; min-height: 0;")
        button.setFixedSize(KEY, KEY)
        button.clicked.connect(lambda _checked=False: self.keep(digit))
        return button

    @staticmethod
    def _button(text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip or text)
        return button
