"""The pages of the window, one of them in front; each is made in parts, in moments when nothing else is to be done."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from threading import Thread

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedWidget

from app.focus import leave_keys
from app.parts import InParts
from app.session import Session

MAKERS = {"draw": "DrawPage", "learn": "LearnPage", "kernels": "KernelsPage", "labs": "LabsPage"}
"""The class of each page, in the module of its name, which is imported when the page is wanted first."""
PAUSE_MS = 25
"""Between two parts that nobody waits for."""


def _import_all() -> None:
    """Modules of pages, and with them pyqtgraph, which would hold up the window for a third of a second."""
    for name in MAKERS:
        import_module(f"app.pages.{name}")


def _maker(name: str) -> Callable[[Session, QStackedWidget], InParts]:
    maker: Callable[[Session, QStackedWidget], InParts] = getattr(import_module(f"app.pages.{name}"), MAKERS[name])
    return maker


class PageStack(QStackedWidget):
    """Makes pages and brings them to the front. `made` carries the name of a page that is whole now."""

    made = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._pages: dict[str, InParts] = {}
        self._front = ""
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._make_part)
        self._imports = Thread(target=_import_all, name="pages")

    def page(self, name: str) -> InParts:
        """A page, whole: what is not made of it yet is made at once."""
        page = self._begun(name)
        if not page.whole:
            page.make_whole()
            self._finish(name)
        return page

    def bring(self, name: str) -> None:
        """Bring a page to the front; while it is being made, the one before stays there."""
        self._front = name
        page = self._begun(name)
        if page.whole:
            self.setCurrentWidget(page)
            page.setFocus()
        else:
            self._next.start(0)

    def make_rest(self) -> None:
        """Begin to make what was not shown yet, so that the first switch to it is quick."""
        self._imports.start()
        self._next.start(PAUSE_MS)

    def _make_part(self) -> None:
        if self._imports.is_alive() and self._begun(self._front).whole:
            self._next.start(PAUSE_MS)  # nobody waits
            return
        name = next((name for name in (self._front, *MAKERS) if not self._begun(name).whole), "")
        if not name:
            return
        if not self._begun(name).make_part():
            self._finish(name)
        self._next.start(PAUSE_MS if self._begun(self._front).whole else 0)

    def _finish(self, name: str) -> None:
        leave_keys(self._pages[name])
        self.made.emit(name)
        if name == self._front:
            self.bring(name)

    def _begun(self, name: str) -> InParts:
        if name not in self._pages:
            self._pages[name] = _maker(name)(self._session, self)
            self.addWidget(self._pages[name])
        return self._pages[name]
