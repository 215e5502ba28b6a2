"""What a lab's panel is put together from: cards that say what is seen in them, one row under the other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.theme import GAP
from app.why import explain
from app.widgets.card import Card

Row = tuple[int, Sequence[tuple[int, QWidget]]]
"""Its share of the height, and what stands in it, each with its share of the width."""


def card(title: str, body: QWidget, seen: str, measured: str, lesson: str, *, hint: str = "") -> Card:
    """A card filled by one widget. seen, measured, lesson: as `app.why.explain` takes them."""
    made = Card(title, hint)
    made.body.addWidget(body, 1)
    explain(made, seen, measured, lesson)
    return made


def stack(panel: QWidget, *parts: QWidget | Row) -> None:
    """Lay a panel out from top to bottom: what is no row takes no more height than it needs."""
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GAP)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
            continue
        height, widgets = part
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for width, widget in widgets:
            row.addWidget(widget, width)
        column.addLayout(row, height)
