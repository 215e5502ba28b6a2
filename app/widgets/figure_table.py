"""A table of figures: a row a quantity, a column a thing that has it; cells may warn."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from app.theme import GRID
from app.widgets.card import label, set_role

MISSING = "–"


class FigureTable(QWidget):
    """Made once for its rows and columns; `show_cell` writes into it."""

    def __init__(self, name: str, columns: Sequence[str], rows: Sequence[tuple[str, str]]) -> None:
        """rows: (title, what it is in a sentence, for its tip)."""
        super().__init__()
        self.setAccessibleName(name)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(2)
        self._cells: dict[tuple[str, str], QLabel] = {}
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column, title in enumerate(columns, 1):
            self._grid.addWidget(label(title, "muted"), 0, column, right)
            self._grid.setColumnStretch(column, 1)
        for line, (title, tip) in enumerate(rows, 1):
            head = label(title, "muted")
            head.setToolTip(tip)
            self._grid.addWidget(head, line, 0)
            self._grid.setRowStretch(line, 1)
            for column, of in enumerate(columns, 1):
                cell = label(MISSING, figures=True)
                cell.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
                self._cells[title, of] = cell
                self._grid.addWidget(cell, line, column, right)

    def show_cell(self, row: str, column: str, text: str = MISSING, *, warning: bool = False) -> None:
        """Write a cell; a warning is in the warning's colour, and says so in words itself."""
        cell = self._cells[row, column]
        cell.setText(text)
        set_role(cell, "warning" if warning else ("muted" if text == MISSING else ""))

    def text(self, row: str, column: str) -> str:
        """What a cell says."""
        return self._cells[row, column].text()
