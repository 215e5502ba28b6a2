"""What a person is told where a picture could not be saved, by widgets that belong to no page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMessageBox, QWidget

from app.theme import theme


def tell_not_saved(parent: QWidget, path: str) -> None:
    """Say so in a box of its own, without waiting for it."""
    box = QMessageBox(
        QMessageBox.Icon.Warning, "Save picture", f"'{path}' could not be saved. Choose another folder.", parent=parent
    )
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.addButton(QMessageBox.StandardButton.Close).setIcon(QIcon())  # the style's own is not of the theme
    theme().dress(box)
    box.open()
