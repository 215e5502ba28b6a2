"""A real window on real children for hours of real time: it trains, rests, draws, and is looked at."""

import itertools

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.launch import make_session
from app.settings import Settings
from app.window import Window
from engine.config import RunConfig
from engine.history import History
from tests.soak.reading import Reading

TURN = 20.0
"""Seconds of training and rest together."""


class RealTime:
    """`spend` lets time pass: training for a share of it, the pages in turn, the past now and then."""

    def __init__(self, history_bytes, share):
        self.share = share
        self.window = Window(make_session(Settings(page="learn")))
        self.session = self.window.session
        self.window.show()
        QApplication.processEvents()
        self.window.showNormal()  # offscreen it begins maximized, which is smaller
        self.window.resize(1280, 800)
        self.session.start()
        self._until(lambda: all(self.session.ready.values()) and self.session.model is not None)
        self.session.start_run(RunConfig(model="mlp-64x2", epochs=100_000))
        self._until(lambda: self.session.run.step > 0)
        self.session.run.history.close()
        self.session.run.history = History(limit_bytes=history_bytes)
        self._pages = itertools.cycle(("learn", "learn", "learn", "draw", "kernels", "labs"))

    def spend(self, seconds):
        """Let so much time pass."""
        turns = max(1, round(seconds / TURN))
        for _ in range(turns):
            self._turn(seconds / turns)

    def reading(self):
        """What the window's process holds now."""
        return Reading.take(self.session.run.step, self.window)

    def close(self):
        self.window.close()
        self.window.deleteLater()

    def _turn(self, seconds):
        self.window.show_page(next(self._pages))
        self.session.resume()
        self._wait(seconds * self.share)
        self.session.pause()
        history = self.session.run.history
        for index in range(0, len(history), max(1, len(history) // 20)):
            self.session.scrub(index)
            self._wait(0.03)
        self.session.go_live()
        self._wait(seconds * (1 - self.share))

    def _wait(self, seconds):
        loop = QEventLoop()
        QTimer.singleShot(int(1000 * seconds), loop, loop.quit)
        loop.exec()

    def _until(self, condition, seconds=600):
        waits = int(seconds / 0.05)
        while not condition():
            self._wait(0.05)
            waits -= 1
            if not waits:
                raise TimeoutError("the children were not ready in time")
