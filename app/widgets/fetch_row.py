"""Fetching a data set in a job child: what it takes, how far it is, a way to stop it, and what to do offline."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.session import Session
from app.theme import GRID
from app.widgets.card import label
from engine import messages as m
from engine.datasets.catalogue import State
from engine.pace import progress_text

OFFLINE = "Needs a network, once. Without one, Fetch says which file to bring and where to put it."


class FetchRow(QWidget):
    """Takes no room where there is nothing to fetch. `fetched` when a data set has come."""

    fetched = Signal()

    def __init__(self, session: Session, page: str = "learn") -> None:
        """page: where what goes wrong is told."""
        super().__init__()
        self._page, self._jobs = page, session.jobs
        self._state: State | None = None
        self.button = QPushButton("Fetch")
        self.button.clicked.connect(lambda _checked=False: self._press())
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How far the data set is fetched")
        self.words = label("", "muted")
        self.words.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.button)
        row.addWidget(self.bar, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.words)
        self._jobs.said.connect(self._said)
        self._jobs.changed.connect(self._refresh)
        self.offer(None)

    def offer(self, state: State | None) -> None:
        """Offer to fetch a data set, or nothing; one that is being fetched is shown in any case."""
        self._state = state
        self._refresh()

    @property
    def fetching(self) -> m.FetchData | None:
        """What is being fetched."""
        command = self._jobs.command
        return command if isinstance(command, m.FetchData) else None

    def _refresh(self) -> None:
        fetching, state = self.fetching, self._state
        self.setVisible(state is not None or fetching is not None)
        self.bar.setVisible(fetching is not None)
        if fetching is not None:
            self.button.setText("Stop")
            self.button.setToolTip(f"Stop fetching {fetching.name}; what has come is kept, and it goes on from there")
            self.button.setEnabled(True)
        elif state is not None:
            self.button.setText(f"Fetch {max(1.0, state.download / 1e6):,.0f} MB")
            self.button.setToolTip(self._jobs.busy or f"Fetch {state.title} from its authors, and check it")
            self.button.setEnabled(not self._jobs.busy)
            self.words.setText(self._jobs.busy or OFFLINE)
        self.button.setAccessibleName(self.button.text())
        self.button.setToolTip("Download it once, or stop that; it is checked and kept")

    def _press(self) -> None:
        if self.fetching is not None:
            self._jobs.cancel()
        elif self._state is not None:
            self.words.setText(f"Fetching {self._state.title}…")
            self.bar.setRange(0, 0)
            self._jobs.start(m.FetchData(self._state.name), self._page, "The download")

    def _said(self, command: m.Command, event: m.Event) -> None:
        if not isinstance(command, m.FetchData):
            return
        if isinstance(event, m.Progress):
            self.bar.setRange(0, 0 if event.share is None else 1000)
            self.bar.setValue(round(1000 * (event.share or 0)))
            self.words.setText(progress_text(event))
        elif isinstance(event, m.DataFetched):
            self._state = None
            self.fetched.emit()
