"""Opening the window: settings, theme, session, children, and the event loop."""

from __future__ import annotations

import gc
import logging
import time

from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.link import Link
from app.logs import start_logging
from app.session import Session
from app.settings import Settings
from app.signals import Endings
from app.theme import Choice, theme
from app.window import Window
from engine import messages as m
from engine import paths
from engine.worker import BEHIND, LAST

log = logging.getLogger(__name__)

CHOICES: dict[str, Choice] = {"light": "light", "dark": "dark"}


def application() -> QApplication:
    """The one QApplication, made at first use."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["flipscope"])
        app.setApplicationName("Flipscope")
        app.setDesktopFileName("flipscope")
        speak_english()
    return app


def speak_english() -> None:
    """The window's words are English on every system: so are its numbers, 1,234.5, and its direction."""
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    QApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def make_session(settings: Settings) -> Session:
    """A session on real children, none of them started yet. The window and what it asks of a pen go before the rest."""
    return Session(Link("torch", behind=BEHIND), Link("inference"), job, settings)


def job(world: m.World) -> Link:
    """A child for a job. What trains stands where the trainer does, which it may be racing."""
    return Link(world, behind=BEHIND if world == "torch" else LAST)


def keep(window: Window) -> None:
    """Once its pages are made, leave them out of the garbage collector's rounds: 100,000 objects, 0.05 s a round."""
    window.whole.connect(lambda: gc.freeze())


def first_visit(settings: Settings, path: str = "", page: str = "", quit_after: float | None = None) -> bool:
    """Whether the tour is to begin by itself: once, and where nothing else is asked of the window."""
    return not (settings.toured or path or page or quit_after is not None)


def open_window(path: str = "", page: str = "", quit_after: float | None = None) -> int:
    """Open the window and run it until it is closed; returns the exit code.

    Args:
        path: a model or picture to open.
        page: which page to show first.
        quit_after: seconds until it closes itself.
    """
    start_logging()
    started = time.perf_counter()
    app = application()
    settings_path = paths.config_dir() / "settings.json"
    settings = Settings.load(settings_path)
    settings.page = page or "draw"
    theme().choose(CHOICES.get(settings.theme, "system"))
    window = Window(make_session(settings))
    keep(window)
    window.painted.connect(window.session.start)
    window.painted.connect(lambda: log.info("first picture after %.0f ms", 1000 * (time.perf_counter() - started)))
    if first_visit(settings, path, page, quit_after):
        window.painted.connect(window.start_tour)
    if path:
        window.painted.connect(lambda: window.open_file(path))
    if quit_after is not None:
        QTimer.singleShot(int(quit_after * 1000), window, window.close)
    endings = Endings(window.close, window)
    window.show()
    code = app.exec()
    endings.remove()
    settings.save(settings_path)
    window.deleteLater()
    app.processEvents()
    return code
