"""Style sheets on the parts of the window: what is put on is put on part by part, each in a turn of the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakSet

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

LATER_MS = 60
"""Between two parts that nobody sees."""


class Dresser(QObject):
    """Puts one style sheet on the parts that were given to it, and another when it is told to.

    A sheet on the whole program would have every widget looked at for each other one that is put into a layout, and
    all of them at once when the sheet changes: opening a page took twice as long, changing the theme half a second.
    """

    _next = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._sheet = ""
        self._parts: WeakSet[QWidget] = WeakSet()
        self._undressed: WeakSet[QWidget] = WeakSet()
        self._next.connect(self._dress_seen, Qt.ConnectionType.QueuedConnection)
        self._later = QTimer(self, singleShot=True, interval=LATER_MS)
        self._later.timeout.connect(self._dress_unseen)

    def add(self, part: QWidget) -> None:
        """Dress a part, now and whenever the sheet changes; made whole first, it takes half the time."""
        self._parts.add(part)
        part.installEventFilter(self)
        part.setStyleSheet(self._sheet)

    def put_on(self, sheet: str) -> None:
        """Change the sheet: of what is seen before it is painted again, of the rest a little later or once shown."""
        self._sheet = sheet
        self._undressed = WeakSet(part for part in self._parts if shiboken6.isValid(part))
        self._next.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What is shown is dressed."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched in self._undressed:
            self._dress(watched)
        return super().eventFilter(watched, event)

    def _waiting(self, seen: bool) -> Iterator[QWidget]:
        return (part for part in list(self._undressed) if shiboken6.isValid(part) and part.isVisible() == seen)

    def _dress_seen(self) -> None:
        part = next(self._waiting(True), None)
        if part is None:
            self._later.start()
            return
        self._dress(part)
        self._next.emit()

    def _dress_unseen(self) -> None:
        part = next(self._waiting(False), None)
        if part is not None:
            self._dress(part)
            self._later.start()

    def _dress(self, part: QWidget) -> None:
        self._undressed.discard(part)
        part.setStyleSheet(self._sheet)
