"""A button that opens something and whose text gives way: what does not fit is cut, and the whole is the tip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy

CUT = 24
"""Pixels of a button beside its text."""
MORE = "  ▾"
"""Says that it opens something."""


class FittingButton(QPushButton):
    """As wide as its text where there is room, and down to `least` pixels where there is not."""

    def __init__(self, name: str, tip: str, least: int) -> None:
        super().__init__()
        self._name, self._tip, self._least, self._whole = name, tip, least, ""
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    @property
    def whole(self) -> str:
        """The text, whether it fits or not."""
        return self._whole

    def say(self, text: str) -> None:
        """Take a new text."""
        if text != self._whole:
            self._whole = text
            self.setAccessibleName(f"{self._name}: {text}")
            self.setToolTip(f"{self._name}: {text}\n{self._tip}")
            self.updateGeometry()
            self._fit()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole + MORE) + CUT, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self._least, self.sizeHint().width()), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        room = max(0, self.width() - CUT + 2 - metrics.horizontalAdvance(MORE))
        shown = metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, room) + MORE
        if shown != self.text():
            self.setText(shown)
