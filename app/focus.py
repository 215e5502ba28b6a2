"""Which controls may take the keyboard: a click on a button must not take Space and the letters from its page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget


def leave_keys(root: QWidget) -> None:
    """Have the buttons and lists in a widget take the keyboard by Tab only."""
    for kind in (QAbstractButton, QComboBox):
        for control in root.findChildren(kind):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
