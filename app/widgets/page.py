"""The frame of a page: its tools across the top, its notices below them, then its cards."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import GAP, GRID


def framed(page: QWidget, bar: QWidget, notices: QWidget) -> QVBoxLayout:
    """Lay a page out; what is given is the column where its cards go."""
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(bar)
    inner = QVBoxLayout()
    inner.setContentsMargins(GAP, GAP, GAP, GAP)
    inner.setSpacing(GRID)
    inner.addWidget(notices)
    column.addLayout(inner, 1)
    return inner
