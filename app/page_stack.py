"""The pages of the window, one of them in front; each is made in parts, in moments when nothing else is to be done."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from importlib import import_module

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedWidget

from app import widgets
from app.focus import leave_keys
from app.parts import InParts, imported, polish, prepare
from app.session import Session

MAKERS = {"draw": "DrawPage", "learn": "LearnPage", "kernels": "KernelsPage", "labs": "LabsPage"}
"""The class of each page, in the module of its name, which is imported when the page is wanted first."""
BEFORE_PLOTS = (
    "PySide6.QtOpenGL",
    "PySide6.QtOpenGLWidgets",
    "PySide6.QtTest",
    "cProfile",
    "colorama",
    "decimal",
    "pydoc",
    "xml.etree.ElementTree",
    "cuda.pathfinder",
    "cuda.bindings.driver",
    "cuda.bindings.runtime",
)
"""What pyqtgraph imports besides, where it is there: a part of the time that it takes, in turns of its own."""
PAUSE_MS = 25
"""Between two turns of making what nobody waits for."""
SOON = 0.004
"""Seconds after which a turn makes no other part; many take none, as a module that is imported already."""


def _imports() -> Iterator[object]:
    """Import what pages are made of, a module a step, after the first picture of the window.

    Never on another thread: Qt for Python makes its types at first use, and crashes where two threads make some. The
    plots' library asks for all of them, for half a second, and is taken in parts as far as it can be.
    """
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            yield getattr(module, name)
    for name in BEFORE_PLOTS:
        with contextlib.suppress(ImportError):
            yield import_module(name)
    yield import_module("pyqtgraph")
    yield from imported(widgets)
    for name in MAKERS:
        yield import_module(f"app.pages.{name}")


def _over(steps: Iterator[object]) -> bool:
    """Take steps for SOON seconds; whether there are no more."""
    enough = time.monotonic() + SOON
    while time.monotonic() < enough:
        if next(steps, steps) is steps:
            return True
    return False


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
        self._making: dict[str, Iterator[None]] = {}
        """What is still to be done for each page, a step a turn."""
        self._front = ""
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._make_part)
        self._imports = _imports()

    def page(self, name: str) -> InParts:
        """A page, whole: what is not made of it yet is made at once."""
        page = self._begun(name)
        if name in self._making:
            page.make_whole()
            self._finish(name)
        return page

    def is_whole(self, name: str) -> bool:
        """Whether all of a page is there."""
        return name in self._pages and name not in self._making

    def bring(self, name: str) -> None:
        """Bring a page to the front; while it is being made, the one before stays there."""
        self._front = name
        if self.is_whole(name):
            self.setCurrentWidget(self._pages[name])
            self._pages[name].setFocus()
        else:
            self.make_rest()

    def make_rest(self) -> None:
        """Go on making what was not shown yet, so that the first switch to it is quick."""
        awaited = self._front and not self.is_whole(self._front)
        self._next.start(0 if awaited else PAUSE_MS)

    def _make_part(self) -> None:
        if _over(self._imports):
            for name in MAKERS:
                self._begun(name)
            if not self._making:
                return
            name = self._front if self._front in self._making else next(iter(self._making))
            if _over(self._making[name]):
                self._finish(name)
        self.make_rest()

    def _finish(self, name: str) -> None:
        del self._making[name]
        leave_keys(self._pages[name])
        self.made.emit(name)
        if name == self._front:
            self.bring(name)

    def _begun(self, name: str) -> InParts:
        if name not in self._pages:
            page = self._pages[name] = _maker(name)(self._session, self)
            self._making[name] = self._steps(page)
            self.addWidget(page)
        return self._pages[name]

    def _steps(self, page: InParts) -> Iterator[None]:
        """Make a page, and paint its plots as they will be seen: the first picture of it is then put together soon."""
        from app.widgets.plot_area import PlotArea  # with pyqtgraph, which the first picture does not wait for

        while page.make_part():
            yield
        yield
        page.resize(self.size())
        polish(page)
        yield
        prepare(page)
        for plot in page.findChildren(PlotArea):
            if plot.isVisibleTo(page):
                yield
                plot.rehearse()
