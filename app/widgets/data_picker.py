"""The chooser of data sets: those with a name, fetched first where they must be, and one's own by file or folder."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from app.run_words import data_title
from app.session import Notice, Session
from app.theme import GRID
from app.widgets.fetch_row import FetchRow
from app.widgets.run_fields import RunFields
from engine import datasets
from engine.datasets import catalogue
from engine.errors import FlipscopeError

OWN = "A data set of your own; what is read: docs/data.md"


class DataPicker(QWidget):
    """A list of names and of one's own paths; below it, where it is needed, the way to fetch what is chosen."""

    def __init__(self, session: Session, fields: RunFields) -> None:
        super().__init__()
        self._session, self._fields = session, fields
        self._states: dict[str, catalogue.State] = {}
        self.box = QComboBox()
        self.box.setAccessibleName("Data set")
        self.box.setToolTip("Data sets by name, and those of your own")
        self.box.activated.connect(lambda index: self._choose(self.box.itemData(index)))
        self.open = QToolButton()
        self.open.setText("Open")
        self.open.setAccessibleName("Open a data set of your own")
        self.open.setToolTip(OWN)
        self.open.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.open)
        menu.addAction("File…", self._ask_file)
        menu.addAction("Folder…", self._ask_folder)
        self.open.setMenu(menu)
        self.fetch = FetchRow(session)
        self.fetch.fetched.connect(self.refresh)
        row = QHBoxLayout()
        row.setSpacing(GRID - 2)
        row.addWidget(self.box, 1)
        row.addWidget(self.open)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        column.addLayout(row)
        column.addWidget(self.fetch)
        self.refresh()

    def refresh(self) -> None:
        """Look again which data sets there are."""
        self._states = {state.name: state for state in catalogue.states()}
        chosen = self._fields.values.data
        self.box.clear()
        for state in self._states.values():
            self.box.addItem(state.title if state.ready else f"{state.title} · to be fetched", state.name)
        for path in self._session.settings.recent_data:
            self.box.addItem(data_title(path), path)
        self.show_data(chosen)

    def show_data(self, data: str) -> None:
        """Show a data set by its name or path."""
        if self.box.findData(data) < 0:
            self.box.addItem(data_title(data), data)
        self.box.setCurrentIndex(self.box.findData(data))
        state = self._states.get(data)
        self.fetch.offer(None if state is None or state.ready else state)

    def about(self, data: str) -> str:
        """What a data set is, in a line."""
        state = self._states.get(data)
        return f"Your own, at {data}" if state is None else f"{state.about[:1].upper()}{state.about[1:]}"

    def open_path(self, path: str) -> None:
        """Take a data set of one's own."""
        self._choose(path)

    def _choose(self, text: str) -> None:
        try:
            name = datasets.identity(text)
        except FlipscopeError as error:
            self._session.noticed.emit(Notice("learn", error.what, error.remedy))
        else:
            if name not in self._states:
                self._session.settings.remember_data(name)
            self._fields.change("data", name)
        self.refresh()

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Open a data set", "", "Data sets (*.npz *ubyte *.gz);;All files (*)"
        )
        if path:
            self.open_path(path)

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open a folder as a data set")
        if path:
            self.open_path(path)
