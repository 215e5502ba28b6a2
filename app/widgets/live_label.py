"""Labels for words that change all the time: to change them costs a picture, not a layout of the whole page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from app.theme import mono


class LiveLabel(QLabel):
    """Plain text in one line. It keeps the room of the widest of its texts so far.

    A QLabel asks for a new layout whenever its text changes, up to the window. This one has the widest text as its
    text as far as Qt knows, and paints the present one.
    """

    def __init__(self, role: str = "", *, figures: bool = False, room_for: str = "0") -> None:
        """role: see `label`. room_for: a text as wide as most will be."""
        super().__init__(room_for, textFormat=Qt.TextFormat.PlainText)
        self._said = ""
        self.setAccessibleName(" ")
        if role:
            self.setProperty("role", role)
        if figures:
            self.setFont(mono())

    def text(self) -> str:
        """What it says at present."""
        return self._said

    def setText(self, text: str) -> None:
        """Say something else."""
        if text == self._said:
            return
        self._said = text
        self.setAccessibleName(text or " ")  # without a name it would be read by the text that Qt knows
        self._make_room(text)
        self.update()

    def keep_room(self, text: str) -> None:
        """Keep room for this from now on, and for what is wider."""
        super().setText(text)
        self._make_room(self._said)

    def _make_room(self, text: str) -> None:
        metrics = self.fontMetrics()
        if metrics.horizontalAdvance(text) > metrics.horizontalAdvance(super().text()):
            super().setText(text)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        alignment = int(self.alignment()) | int(Qt.TextFlag.TextSingleLine)
        self.style().drawItemText(
            painter, self.contentsRect(), alignment, self.palette(), self.isEnabled(), self._said, self.foregroundRole()
        )
        painter.end()


class FittingLabel(LiveLabel):
    """Says the longest of its texts that fits, the last one with an ellipsis; the first in full is the tip."""

    def __init__(self, role: str = "", *, figures: bool = False) -> None:
        super().__init__(role, figures=figures)
        self._texts: tuple[str, ...] = ("",)
        self._more = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def say(self, *texts: str) -> None:
        """Take new texts, longest first."""
        if texts != self._texts:
            self._texts = texts
            self._fit()

    def tell_more(self, text: str) -> None:
        """Say this in the tip, too."""
        self._more = text
        self._fit()

    @property
    def whole(self) -> str:
        """The longest text, whether it fits or not."""
        return self._texts[0]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _make_room(self, text: str) -> None:
        """It takes the room that it is given."""

    def _fit(self) -> None:
        metrics, room = self.fontMetrics(), self.width()
        last = metrics.elidedText(self._texts[-1], Qt.TextElideMode.ElideRight, room)
        shown = next((text for text in self._texts if metrics.horizontalAdvance(text) <= room), last)
        self.setText(shown)
        tip = "\n".join(filter(None, ("" if shown == self.whole else self.whole, self._more)))
        if tip != self.toolTip():
            self.setToolTip(tip)
