"""The real window on real children, as benchmarks of it drive it: opened, let run, closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.launch import application, make_session
from app.session import Session
from app.settings import Settings
from app.window import Window
from engine.errors import FlipscopeError

SIZE = (1600, 1000)
READY = 120.0
"""Seconds within which the children must be ready; importing torch on a busy machine takes some of them."""

Figures = dict[str, Any]


class BenchWindow:
    """One window on the Learn page. `open` shows it and waits for its children, `close` ends them."""

    def __init__(self, session: Session | None = None) -> None:
        self.app: QApplication = application()
        self.session = make_session(Settings(page="learn")) if session is None else session
        self.window = Window(self.session)

    def open(self) -> None:
        """Raises FlipscopeError where the children are not ready in time."""
        self.window.show()
        self.app.processEvents()
        self.window.showNormal()  # on a small screen, as offscreen, it begins maximized
        self.window.resize(*SIZE)
        self.session.start()
        self.until(lambda: all(self.session.ready.values()) and self.session.model is not None, READY)

    def close(self) -> None:
        """Close the window and end its children."""
        self.window.close()
        self.window.deleteLater()
        self.app.processEvents()

    def spin(self, seconds: float) -> None:
        """Let the event loop run."""
        loop = QEventLoop()
        QTimer.singleShot(int(1000 * seconds), loop, loop.quit)
        loop.exec()

    def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Let the event loop run until something holds. Raises FlipscopeError after `seconds`."""
        deadline = time.perf_counter() + seconds
        while not condition():
            if time.perf_counter() > deadline:
                raise FlipscopeError("The window or its children were not ready in time.", "Look into the log folder.")
            self.spin(0.02)
