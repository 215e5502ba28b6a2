"""The list of kept runs as Qt's views want it: the rows that pass a filter, in an order, with roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app import run_words
from app.widgets.overlay import LETTERS
from engine.messages.runs import RunRow

ROW = Qt.ItemDataRole.UserRole
LETTER = Qt.ItemDataRole.UserRole + 1
"""Index of the run's letter in the comparison, or -1."""
LIVE = Qt.ItemDataRole.UserRole + 2
"""Whether it is the run under way."""

Index = QModelIndex | QPersistentModelIndex


def _accuracy(row: RunRow) -> float:
    return -1.0 if row.accuracy is None else row.accuracy


SORTS: dict[str, tuple[str, Callable[[RunRow], Any]]] = {
    "newest": ("Newest first", lambda _row: 0),
    "best": ("Best first", lambda row: -_accuracy(row)),
    "name": ("By name", lambda row: run_words.title(row).casefold()),
    "longest": ("Longest first", lambda row: -row.seconds),
    "network": ("By network", lambda row: ("~", 0.0) if row.config is None else (row.config.model, -_accuracy(row))),
}
"""Title and key of each order; ties are newest first."""


class RunsModel(QAbstractListModel):
    """All rows, of which those are shown that have every word of the filter; tells views only what has changed.

    Filtered and sorted here, in one go: a proxy model would ask back for every pair.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[RunRow] = []
        self._rows: list[RunRow] = []
        self._filter: list[str] = []
        self._key = SORTS["newest"][1]
        self._words: dict[str, tuple[RunRow, str]] = {}
        self._letters: dict[str, int] = {}
        self._live = ""

    # ------------------------------------------------------------ what is shown

    def show_rows(self, rows: Iterable[RunRow]) -> None:
        """Have other rows."""
        self._all = list(rows)
        self._show()

    def filter_by(self, text: str) -> None:
        """Show the runs that have all these words."""
        self._filter = text.casefold().split()
        self._show()

    def order_by(self, name: str) -> None:
        """Sort by one of SORTS."""
        self._key = SORTS[name][1]
        self._show()

    def mark(self, letters: dict[str, int], live: str) -> None:
        """Which runs are compared, by key, and which is under way."""
        if (letters, live) != (self._letters, self._live):
            self._letters, self._live = dict(letters), live
            if self._rows:
                self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), [LETTER, LIVE])

    def find(self, key: str) -> QModelIndex:
        """Where a run is shown; an invalid index where it is not."""
        at = next((i for i, row in enumerate(self._rows) if row.key == key), -1)
        return self.index(at) if at >= 0 else QModelIndex()

    def _show(self) -> None:
        """Filter and sort anew."""
        newest_first = sorted(filter(self._passes, self._all), key=lambda row: -row.created)
        rows = sorted(newest_first, key=self._key)
        if [row.key for row in rows] == [row.key for row in self._rows]:
            changed = [i for i, (old, new) in enumerate(zip(self._rows, rows, strict=True)) if old is not new]
            self._rows = rows
            for i in changed:
                self.dataChanged.emit(self.index(i), self.index(i))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _passes(self, row: RunRow) -> bool:
        if not self._filter:
            return True
        known = self._words.get(row.key)
        if known is None or known[0] is not row:
            known = self._words[row.key] = (row, run_words.searched(row))
        return all(word in known[1] for word in self._filter)

    # ------------------------------------------------------------ Qt's questions

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return run_words.title(row)
            case Qt.ItemDataRole.ToolTipRole:
                return row.note or row.problem or row.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._sentence(row)
            case r if r == ROW:
                return row
            case r if r == LETTER:
                return self._letters.get(row.key, -1)
            case r if r == LIVE:
                return row.key == self._live
        return None

    def _sentence(self, row: RunRow) -> str:
        scored = "not scored" if row.accuracy is None else f"{100 * row.accuracy:.2f} %"
        letter = self._letters.get(row.key, -1)
        compared = f", compared as {LETTERS[letter]}" if letter >= 0 else ""
        return f"{run_words.title(row)}: {scored}. {run_words.summary(row)}{compared}"
