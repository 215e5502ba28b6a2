"""What each backend says of the digit: class, scores, time; the unavailable ones stay, with reason and remedy."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QToolTip, QVBoxLayout, QWidget

from app.figures import duration
from app.theme import GRID, theme, tokens
from app.why import explain
from app.widgets.card import Card, label, set_role
from app.widgets.live_label import LiveLabel
from app.widgets.scores import ScoreStrip
from engine.messages import BackendInfo, Prediction, Vote

NONE = "–"


class VoteRow(QWidget):
    """One backend. Pressing a ready one (mouse, Enter) chooses it: `chosen` carries its name."""

    chosen = Signal(str)

    def __init__(self, info: BackendInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.info = info
        self.active = False
        self.setFixedHeight(34)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if info.ready else Qt.FocusPolicy.NoFocus)
        self.name = label(info.name, "" if info.ready else "muted")
        self.name.setFixedWidth(96)
        self.answer = LiveLabel("" if info.ready else "muted")
        self.answer.setText(NONE)
        self.answer.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.answer.setMinimumWidth(26)
        self.strip = ScoreStrip(info.kind)
        self.time = LiveLabel("muted", figures=True)
        self.time.setFixedWidth(70)
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.why = QToolButton()
        self.reason = label("", "muted")
        self.reason.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lay_out()
        self._explain(info.reason, info.remedy)
        self._show_reason(not info.ready)
        self._tell()

    def _lay_out(self) -> None:
        font = self.answer.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.35)
        self.answer.setFont(font)
        self.why.setText("why?")
        self.why.setProperty("flat", True)
        self.why.clicked.connect(self._say_why)
        self.why.setAccessibleName(f"Why {self.info.name} has no answer")
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 0, GRID, 0)
        row.setSpacing(GRID)
        for part, stretch in ((self.name, 0), (self.answer, 0), (self.strip, 1), (self.time, 0)):
            row.addWidget(part, stretch)
        row.addWidget(self.reason, 1)
        row.addWidget(self.why)

    def _explain(self, reason: str, remedy: str) -> None:
        self._reason = reason
        self._elide()
        words = f"{reason} {remedy}".strip()
        self.why.setToolTip(words)
        self.why.setAccessibleDescription(words)
        self.setToolTip(words or f"{self.info.kind}, on {self.info.device}. {self.info.note}".rstrip(". "))

    def _show_reason(self, shown: bool) -> None:
        self.reason.setVisible(shown)
        self.why.setVisible(shown)
        self.strip.setVisible(not shown)
        self.time.setVisible(not shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        room = self.width() - self.reason.x() - self.why.sizeHint().width() - 2 * GRID
        words = self._reason.rstrip(".")
        self.reason.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, max(40, room)))

    def _say_why(self) -> None:
        QToolTip.showText(self.why.mapToGlobal(QPoint(0, self.why.height())), self.why.toolTip(), self.why)

    def show_vote(self, vote: Vote | None, names: tuple[str, ...]) -> None:
        """Show this backend's vote, or none ("no digit"); unavailable backends keep their reason."""
        if not self.info.ready:
            return
        scores = None if vote is None else vote.scores
        self._show_reason(vote is not None and scores is None)
        if vote is not None and scores is None:
            self._explain(vote.reason, "")
        else:
            self._explain("", "")
        self.answer.setText(NONE if scores is None else names[int(np.argmax(scores))])
        self.time.setText("" if vote is None or scores is None else duration(vote.seconds))
        exact = "" if vote is None else f"{1e6 * vote.seconds:,.2f} µs for this image, median of a few calls"
        self.time.setToolTip(exact)
        self.strip.show_scores(scores)
        self._tell()

    def set_active(self, active: bool) -> None:
        """Emphasise the backend that answers in the present mode."""
        self.active = active
        font = self.name.font()
        font.setBold(active)
        self.name.setFont(font)
        self._tell()
        self.update()

    def _tell(self) -> None:
        state = self.why.toolTip() or f"says {self.answer.text()}, {self.time.text()}"
        self.setAccessibleName(f"{self.info.name}: {state}" + (", in use" if self.active else ""))

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.active or self.hasFocus():
            painter.setBrush(t.color("raised") if self.active else Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(t.color("float_"), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        color = QColor(t.of_kind(self.info.kind))
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(color if self.info.ready else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(7, self.height() / 2 - 4, 5, 8), 1.5, 1.5)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.info.ready:
            self.chosen.emit(self.info.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.info.name)
        else:
            super().keyPressEvent(event)


class Votes(Card):
    """The rows of all backends, and whether all who answered gave the same scores."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Predictions", "no digit", parent=parent)
        self.rows: dict[str, VoteRow] = {}
        self._place = QVBoxLayout()
        self._place.setSpacing(2)
        self.body.addLayout(self._place)
        self.waiting: QLabel = label("The inference worker is starting; its backends will be listed here.", "muted")
        self.waiting.setWordWrap(True)
        self._place.addWidget(self.waiting)
        self.verdict = label("", "good")
        self.body.addWidget(self.verdict)
        explain(
            self,
            "What each backend says of your digit, and how long it took; those that cannot run here say why. A press "
            "on a row makes it the one in use.",
            "Time of one image through the whole network in this backend, copying included, median of a few calls, "
            "of one while the pen moves where calls are slow; scores are compared as bits, not within a tolerance.",
            "xnor",
        )
        theme().changed.connect(self._repaint)

    def set_backends(self, infos: tuple[BackendInfo, ...], active: str) -> None:
        """List the backends: float, XNOR and oracle, each kind best first; the unavailable last."""
        for row in self.rows.values():
            self._place.removeWidget(row)
            row.hide()
            row.deleteLater()
        order = {"float": 0, "xnor": 1, "oracle": 2}
        ordered = sorted(infos, key=lambda b: (not b.ready, order.get(b.kind, 3), -b.rank))
        self.rows = {info.name: VoteRow(info) for info in ordered}
        for row in self.rows.values():
            row.chosen.connect(self.chosen)
            self._place.addWidget(row)
        self.waiting.setVisible(not infos)
        self.set_active(active)

    def set_active(self, name: str) -> None:
        """Emphasise one backend."""
        for row in self.rows.values():
            row.set_active(row.info.name == name)

    def show_prediction(self, event: Prediction | None, names: tuple[str, ...]) -> None:
        """Show every backend's vote, or that there is no digit.

        Of an answer that is not complete yet, whoever is still to vote keeps what it said of the picture before.
        """
        votes = {} if event is None else {vote.backend: vote for vote in event.votes}
        partly = event is not None and not event.complete
        for name, row in self.rows.items():
            if name in votes or not partly:
                row.show_vote(votes.get(name), names)
        if partly:
            return
        answered = sum(vote.scores is not None for vote in votes.values())
        self.set_hint("no digit" if event is None else f"{answered} of {len(self.rows)} backends answered")
        if event is None or answered < 2:
            self.verdict.setText("")
        elif event.identical:
            set_role(self.verdict, "good")
            all_of_them = answered == sum(row.info.ready for row in self.rows.values())
            who = "from every backend" if all_of_them else "so far"
            self.verdict.setText(f"✓ same scores {who}, bit for bit")
        else:
            set_role(self.verdict, "warning")
            self.verdict.setText("✗ the backends' scores differ: please report this")

    def _repaint(self) -> None:
        for row in self.rows.values():
            row.update()
