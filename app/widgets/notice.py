"""An inline notice on a page: what happened, what can be done, a button that does it, a button that puts it away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.session import Notice, Session
from app.theme import GRID
from app.widgets.card import label

ACTIONS = {
    "resume-run": "Resume the run",
    "restart-trainer": "Start it again",
    "restart-inference": "Start it again",
    "end-trainer": "End it",
    "end-inference": "End it",
    "end-job": "End it",
    "readmit": "Try it again",
    "report": "Copy report",
}


class NoticeBar(QFrame):
    """One notice with its remedy and its action."""

    done = Signal()

    def __init__(self, notice: Notice, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice, self._session = notice, session
        self.setObjectName("notice")
        self.setAccessibleName(f"Notice: {notice.what} {notice.remedy}".strip())
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(GRID)
        self.what = label(f"⚠ {notice.what}", "title")
        self.remedy = label(notice.remedy, "muted")
        for text in (self.what, self.remedy):
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setToolTip(notice.report)
        row.addWidget(self.what, 3)
        row.addWidget(self.remedy, 2)
        self.action = QPushButton(ACTIONS.get(notice.action, ""))
        self.action.setAccessibleName(self.action.text())
        self.action.clicked.connect(self._act)
        row.addWidget(self.action)
        if notice.report and notice.action != "report":
            copy = QPushButton("Copy report")
            copy.setAccessibleName("Copy report")
            copy.clicked.connect(self._copy)
            row.addWidget(copy)
        close = QToolButton()
        close.setText("✕")
        close.setToolTip("Dismiss")
        close.setAccessibleName("Dismiss this notice")
        close.setProperty("flat", True)
        close.clicked.connect(self.done)
        row.addWidget(close)
        # Only now: what is shown while it is on no widget is a window of its own.
        self.remedy.setVisible(bool(notice.remedy))
        self.action.setVisible(bool(notice.action))
        for button in (self.action, close):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _act(self) -> None:
        match self.notice.action:
            case "resume-run":
                self._session.resume_lost()
            case "restart-trainer":
                self._session.restart_trainer()
            case "restart-inference":
                self._session.restart_inference()
            case "end-trainer":
                self._session.trainer.kill()
            case "end-inference":
                self._session.inference.kill()
            case "end-job":
                self._session.jobs.cancel()
            case "readmit":
                self._session.readmit_backends()
            case "report":
                self._copy()
                return
        self.done.emit()

    def _copy(self) -> None:
        n = self.notice
        QGuiApplication.clipboard().setText("\n".join(part for part in (n.what, n.remedy, n.report) if part))


class NoticeArea(QWidget):
    """The notices of one page, newest first, at most three; takes no room without any. `pages`: whose it shows."""

    MOST = 3

    def __init__(self, session: Session, *pages: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._pages = session, pages
        self._stack = QVBoxLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.setSpacing(GRID // 2)
        self._bars: list[NoticeBar] = []
        self.hide()
        session.noticed.connect(self.add)
        session.withdrawn.connect(self.drop)

    @property
    def bars(self) -> list[NoticeBar]:
        """What is shown, newest first."""
        return list(self._bars)

    def add(self, notice: Notice) -> None:
        """Show a notice of this page; the same one is not shown twice."""
        if notice.page not in self._pages:
            return
        self.drop(notice.what)
        bar = NoticeBar(notice, self._session)
        bar.done.connect(lambda: self._drop(bar))
        self._stack.insertWidget(0, bar)
        self._bars.insert(0, bar)
        for old in self.bars[self.MOST :]:
            self._drop(old)
        self.show()

    def drop(self, what: str) -> None:
        """Put a notice away that no longer holds."""
        for bar in self.bars:
            if bar.notice.what == what:
                self._drop(bar)

    def clear(self) -> None:
        """Put all notices away."""
        for bar in self.bars:
            self._drop(bar)

    def _drop(self, bar: NoticeBar) -> None:
        if bar not in self._bars:  # what its button did has withdrawn it
            return
        self._bars.remove(bar)
        self._stack.removeWidget(bar)
        bar.hide()
        bar.deleteLater()
        self.setVisible(bool(self._bars))
