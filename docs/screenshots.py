"""Makes the README's pictures from the real window on real children: `python docs/screenshots.py`.

It trains for a while, draws a digit by mouse events, times the kernels once, and saves each page to docs/images.
Set QT_QPA_PLATFORM=offscreen where there is no screen.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.pop("OPENBLAS_CORETYPE", None)  # as main.py does: float at its best

import numpy as np  # noqa: E402
from PySide6.QtCore import QEventLoop, QPointF, Qt, QTimer  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402

from app.launch import application, make_session  # noqa: E402
from app.pages.draw import DrawPage  # noqa: E402
from app.pages.labs import LabsPage  # noqa: E402
from app.settings import Settings  # noqa: E402
from app.theme import Choice, theme  # noqa: E402
from app.window import Window  # noqa: E402
from engine.config import RunConfig  # noqa: E402
from engine.messages import BenchGemm  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SIZES = {"": (1280, 800), "-large": (1600, 1000)}
PATIENCE = 600.0


def main() -> None:
    """Take every picture."""
    application()
    theme().choose("dark")
    with tempfile.TemporaryDirectory() as home:
        os.environ["FLIPSCOPE_HOME"] = home
        window = Window(make_session(Settings()))
        window.painted.connect(window.session.start)
        window.resize(*SIZES[""])
        window.show()
        try:
            take(window)
        finally:
            window.close()
            window.deleteLater()
            application().processEvents()


def take(window: Window) -> None:
    """Bring each page to where it shows most, and save it in both themes."""
    session = window.session
    until(lambda: all(session.ready.values()) and session.model is not None)
    window.show_page("learn")
    session.start_run(RunConfig(epochs=8, evaluations_per_epoch=2))
    until(lambda: session.run.epoch > 2.6 and session.strip_key in session.evaluations)
    learn = window.page("learn")
    save(window, "learn")
    learn.bits.layer_chosen.emit(1)
    until(lambda: session.run.state == "finished")
    window.show_page("draw")
    page = window.page("draw")
    assert isinstance(page, DrawPage)
    draw_three(page)
    spin(1.0)
    save(window, "draw")
    window.show_page("kernels")
    session.jobs.start(BenchGemm(((1024, 1024, 1024),)), "kernels", "The benchmark")
    until(lambda: session.jobs.command is None)
    save(window, "kernels")
    window.show_page("labs")
    labs = window.page("labs")
    assert isinstance(labs, LabsPage)
    labs.bar.run.click()
    until(lambda: session.jobs.command is None)
    save(window, "labs")


def save(window: Window, name: str) -> None:
    """Save the page in front: dark and light, at both sizes."""
    choices: tuple[tuple[Choice, str], ...] = (("light", "-light"), ("dark", ""))
    for size, (width, height) in SIZES.items():
        window.resize(width, height)
        for choice, mark in choices:
            theme().choose(choice)
            spin(0.6)
            window.grab().save(str(IMAGES / f"{name}{size}{mark}.png"))
    window.resize(*SIZES[""])


def draw_three(page: DrawPage) -> None:
    """Draw a 3 in one stroke."""
    canvas = page.canvas
    side = min(canvas.width(), canvas.height())
    left, top = (canvas.width() - side) / 2, (canvas.height() - side) / 2
    upper = [(0.5 + 0.17 * np.cos(a), 0.34 + 0.15 * np.sin(a)) for a in np.linspace(-2.6, 1.4, 30)]
    lower = [(0.5 + 0.21 * np.cos(a), 0.67 + 0.19 * np.sin(a)) for a in np.linspace(-1.5, 2.7, 34)]
    points = [QPointF(left + x * side, top + y * side).toPoint() for x, y in upper + lower]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        QTest.mouseMove(canvas, point)
        spin(0.01)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=points[-1])


def spin(seconds: float) -> None:
    """Let the event loop run."""
    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop, loop.quit)
    loop.exec()


def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("the window did not get there in time")
        spin(0.05)


if __name__ == "__main__":  # children import this file anew
    main()
