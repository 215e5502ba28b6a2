"""Lists to pick from, on the labs' panels."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox


def picker(name: str) -> QComboBox:
    """A list of choices of even width, called so."""
    made = QComboBox()
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setMinimumContentsLength(17)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return made


def fill(box: QComboBox, models: dict[str, str], first: str) -> None:
    """List models by path; keep the choice, or take `first`."""
    wanted = box.currentData() if box.count() else first
    with QSignalBlocker(box):
        box.clear()
        for path, title in models.items():
            box.addItem(title, path)
        box.setCurrentIndex(max(0, box.findData(wanted)))
