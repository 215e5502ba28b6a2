"""The kept runs: a list to look through, their curves over each other, and what one of them was."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import run_words
from app.parts import InParts
from app.session import Session
from app.theme import GAP, GRID
from app.why import explain
from app.widgets.card import Card
from app.widgets.live_label import FittingLabel
from app.widgets.overlay import PLOTS, Compared
from app.widgets.overlay_card import OverlayCard
from app.widgets.run_details import RunDetails
from app.widgets.runs_list import RunsList
from app.widgets.runs_model import SORTS, RunsModel
from engine.messages.runs import RunRow

LIVE_MS = 1000
"""Between two looks at the run under way, while it is compared."""


class RunsView(InParts):
    """Listens to the library of runs and pokes it. `left` when a person is done here."""

    left = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._library = session, session.library
        self._deleted: RunRow | None = None
        """The run whose deletion was told."""
        self.setAccessibleName("Kept runs")

    def parts(self) -> Iterator[None]:
        self.model = RunsModel(self)
        self.list = RunsList(self.model)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self._list_card(), 46)
        yield
        plots = {}
        for measure, make in PLOTS.items():
            plots[measure] = make()
            yield
        self.overlay = OverlayCard(plots)
        yield
        self.details = RunDetails(self._session)
        yield
        right = QVBoxLayout()
        right.setSpacing(GAP - 4)
        right.addWidget(self.overlay, 1)
        right.addWidget(self.details)
        row.addLayout(right, 54)
        self._live = QTimer(self, interval=LIVE_MS)
        self._live.timeout.connect(self._show_compared)
        self._connect()
        self._show_rows()

    # ------------------------------------------------------------ making

    def _list_card(self) -> Card:
        self._card = Card("Runs")
        close = QToolButton()
        close.setText("✕")
        close.setProperty("flat", True)
        close.setAccessibleName("Back to the run")
        close.setToolTip("Back to the run (Esc)")
        close.clicked.connect(lambda _checked=False: self.left.emit())
        self._card.add_to_header(close)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by name, network, data, method, note…")
        self.filter.setAccessibleName("Filter the runs")
        self.filter.setToolTip("Show only runs in whose words this occurs (/)")
        self.filter.setClearButtonEnabled(True)
        self.sort = QComboBox()
        self.sort.setAccessibleName("Order of the runs")
        self.sort.setToolTip("In which order the runs are listed")
        for key, (title, _) in SORTS.items():
            self.sort.addItem(title, key)
        self.again = QPushButton("⟳")
        self.again.setAccessibleName("Read the list of runs again")
        self.again.setToolTip("Look for runs that were made elsewhere meanwhile")
        self.load = QPushButton("Import…")
        self.load.setToolTip("Put a zipped run of another machine among these; a zip can also be dropped here")
        self.load.setAccessibleName("Import a zipped run")
        top = QHBoxLayout()
        top.setSpacing(GRID - 2)
        top.addWidget(self.filter, 1)
        top.addWidget(self.sort)
        top.addWidget(self.load)
        top.addWidget(self.again)
        self.said = FittingLabel("muted")
        self.said.hide()
        self.undo = QPushButton("Undo")
        self.undo.setAccessibleName("Bring the deleted run back")
        self.undo.setToolTip("Bring the run back that was deleted last (Ctrl+Z)")
        self.undo.hide()
        foot = QHBoxLayout()
        foot.addWidget(self.said, 1)
        foot.addWidget(self.undo)
        self._card.body.addLayout(top)
        self._card.body.addWidget(self.list, 1)
        self._card.body.addLayout(foot)
        explain(
            self._card,
            "Every kept run, whoever began it, the window or a command. Tick up to six to compare them at the right.",
            "Read from the runs' own folders; accuracy in % is that of the last score on the test set.",
            "methods",
        )
        return self._card

    def _connect(self) -> None:
        library = self._library
        library.changed.connect(self._show_rows)
        library.compared_changed.connect(self._show_compared)
        library.done.connect(self._say)
        library.refused.connect(lambda what, remedy: self._say(f"⚠ {what} {remedy}", f"⚠ {what}"))
        self._session.run_changed.connect(self._mark)
        self.filter.textChanged.connect(self._filter)
        self.sort.activated.connect(lambda _index: self._order(self.sort.currentData()))
        self.again.clicked.connect(lambda _checked=False: self.refresh())
        self.load.clicked.connect(lambda _checked=False: self._ask_zip())
        self.undo.clicked.connect(lambda _checked=False: library.undo())
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self.list.compared.connect(library.compare)
        self.list.opened.connect(lambda _key: self.details.open_run())
        self.list.deletion_asked.connect(self._delete)
        self.list.renaming_asked.connect(lambda _key: self.details.edit_name())
        self.details.done.connect(self.left)

    # ------------------------------------------------------------ what happens

    def refresh(self) -> None:
        """Read the list anew; a worker that is gone is started for it."""
        if "inference" in self._session.gone:
            self._session.restart_inference()
        self._library.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        for key in {self._session.run.folder, *self._library.compared}:
            self._library.forget(key)  # it may have gone on since
            self._library.read(key)
        self.refresh()
        self._show_compared()
        self._live.start()
        self.list.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._live.stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.text() == "/":
            self.filter.setFocus()
        elif event.key() == Qt.Key.Key_Z and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self._library.undo()
        elif event.text().isprintable() and event.text():
            event.accept()  # the keys of the run, such as R for Reset, are not meant here
        else:
            super().keyPressEvent(event)

    def _ask_zip(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import a zipped run", "", "Zipped runs (*.zip)")
        if path:
            self._library.import_zip(path)

    def _delete(self, key: str) -> None:
        if self.details.delete.isEnabled():
            self._library.delete(key)

    def _filter(self, text: str) -> None:
        key = self.list.current_key
        self.model.filter_by(text)
        self.list.select(key)
        self._count()

    def _order(self, name: str) -> None:
        key = self.list.current_key
        self.model.order_by(name)
        self.list.select(key)

    def _current_changed(self, now: QModelIndex, _before: QModelIndex) -> None:
        del now
        self.details.show_run(self._library.rows.get(self.list.current_key))

    def _show_rows(self) -> None:
        key = self.list.current_key
        self.model.show_rows(self._library.rows.values())
        if self.list.current_key != key or not key:
            self.list.select(key or self._session.run.folder)
        self.details.show_run(self._library.rows.get(self.list.current_key))
        self._mark()
        self._count()
        self._tell_deleted()

    def _tell_deleted(self) -> None:
        """Say once that a run was deleted, since newer words stand; brought back, it is no longer so."""
        before, deleted = self._deleted, self._library.deleted
        if deleted is before:
            return
        self._deleted = deleted
        self.undo.setVisible(deleted is not None)
        if deleted is not None:
            self._say(_deletion(deleted))
        elif before is not None and self.said.whole == _deletion(before):
            self.said.hide()

    def _say(self, *texts: str) -> None:
        self.said.say(*texts)
        self.said.show()

    def _mark(self) -> None:
        run = self._session.run
        letters = {key: index for index, key in enumerate(self._library.compared)}
        self.model.mark(letters, run.folder if run.active else "")

    def _count(self) -> None:
        shown, known = self.model.rowCount(), len(self._library.rows)
        if self._library.loading:
            self._card.set_hint(f"reading… {known:,}")
        else:
            self._card.set_hint(f"{shown:,} of {known:,}" if shown < known else f"{known:,}")

    def _show_compared(self) -> None:
        if not self.isVisible():
            return
        self._mark()
        run, library = self._session.run, self._library
        compared = []
        for index, key in enumerate(library.compared):
            if run.name and key == run.folder:
                compared.append(Compared(index, library.name(key), run.trace()))
            elif key in library.reads:
                compared.append(Compared(index, library.name(key), library.reads[key].trace))
        self.overlay.show_runs(compared)
        self.details.show_run(library.rows.get(self.list.current_key))


def _deletion(row: RunRow) -> str:
    return f"“{run_words.title(row)}” was deleted."
