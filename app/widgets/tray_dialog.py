"""Your digits: what each model makes of them, training on them, and their file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.session import Notice, Session
from app.theme import GAP, GRID, theme
from app.widgets.card import Card, label, set_role
from app.widgets.tray_table import TrayTable
from app.widgets.tray_training import TrayTraining


class TrayDialog(QDialog):
    """Beside the window, which goes on being used; while it is shown every model reads what it has not yet."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Your digits")
        self._session, self._tray = session, session.tray
        self._stopped = False
        self.table, self.training = TrayTable(session), TrayTraining(session)
        self.counts, self.told = label("", "muted"), label("", "muted")
        self.told.setWordWrap(True)
        self.told.hide()
        self.stop = self._button("Stop", "Stop reading your drawings", self._stop)
        self.clear = self._button(
            "Clear all", "Take every drawing out; Undo on the Draw page brings them back", self._clear
        )
        self.export = self._button("Export…", "Write your drawings to an .npz file", self._export)
        self._lay_out()
        theme().dress(self)
        for signal in (self._tray.changed, self._tray.read, session.models_changed):
            signal.connect(self.refresh)
        self._tray.changed.connect(self.told.hide)  # what was told was of the drawings before
        self._tray.told.connect(self._tell)
        session.noticed.connect(self._noticed)
        self.resize(680, 560)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._stopped = False
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._tray.busy:
            self._tray.stop()

    def refresh(self) -> None:
        """Have every model read what it has not, and say what there is."""
        kept = self._tray.drawings
        of_test = sum(one.test for one in kept)
        self.counts.setText(f"{len(kept)} kept: {len(kept) - of_test} to train on, {of_test} for the test alone (T)")
        if self.isVisible() and not self._tray.busy and not self._stopped:
            self._tray.ask([choice.key for choice in self._session.models])
        self.stop.setVisible(self._tray.busy)
        for button in (self.clear, self.export):
            button.setEnabled(bool(kept))

    # ------------------------------------------------------------ what is asked

    def _stop(self) -> None:
        self._stopped = True
        self._tray.stop()

    def _clear(self) -> None:
        self._tray.clear()
        self._tell("All are out. Undo on the Draw page brings them back.")

    def _export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export your drawings", "mine.npz", "Drawings (*.npz)")
        if path:
            self._tray.write(path if path.endswith(".npz") else f"{path}.npz")

    def _import_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Import drawings", "", "Labelled images (*.npz *.gz *ubyte);;All files (*)"
        )
        if path:
            self._tray.bring(path)

    def _import_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Import a folder with folders 0 to 9 of pictures")
        if path:
            self._tray.bring(path)

    # ------------------------------------------------------------ what is said

    def _tell(self, words: str, role: str = "muted") -> None:
        self.told.setText(words)
        self.told.show()
        set_role(self.told, role)

    def _noticed(self, notice: Notice) -> None:
        if notice.page in ("draw", "") and self.isVisible():
            self._tell(f"⚠ {notice.what} {notice.remedy}".strip(), "warning")

    # ------------------------------------------------------------ making it

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        reads = Card("Read right", "count, and the 95 % interval of the true share (Wilson)")
        reads.add_to_header(self.stop)
        reads.body.addWidget(self.table, 1)
        reads.body.addWidget(self.counts)
        column.addWidget(reads, 1)
        column.addWidget(self.training)
        files = Card("Their file", "never leaves this machine")
        place = label(self._tray.path, "muted")
        place.setWordWrap(True)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._button("Import file…", "Add the labelled images of an .npz or IDX file", self._import_file))
        tip = "Add pictures from folders named 0 to 9"
        row.addWidget(self._button("Import folder…", tip, self._import_folder))
        row.addWidget(self.export)
        row.addWidget(self.clear)
        row.addStretch(1)
        for part in (place, self.told):
            files.body.addWidget(part)
        files.body.addLayout(row)
        column.addWidget(files)

    @staticmethod
    def _button(text: str, tip: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked=False: act())
        return button
