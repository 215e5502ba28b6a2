"""Frames of hours through the real session and pages, in the event loop, as fast as they are taken."""

from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from app.session import Session
from app.settings import Settings
from app.window import Window
from engine.history import History
from tests.app.fakes import FakeChannel
from tests.soak.reading import Reading
from tests.soak.trainer import ReplayTrainer

PAINTED_EVERY = 10
"""Frames to one that is painted wholly, whatever the time: at their pace the pages would draw every hundredth."""
AWAY_EVERY = 5_000
"""Frames after which a person looks at every other page, and into the past."""


class Replay(QObject):
    """A window on children that are none. `play` takes readings on the way."""

    def __init__(self, history_bytes=None):
        super().__init__()
        self.trainer = ReplayTrainer()
        session = Session(self.trainer, FakeChannel(), FakeChannel, Settings(page="learn"))
        self.window = Window(session)
        self.window.show()
        QApplication.processEvents()
        self.window.showNormal()  # offscreen it begins maximized, which is smaller
        self.window.resize(1280, 800)
        session.start()
        self.trainer.begin()
        if history_bytes is not None:
            session.run.history.close()
            session.run.history = History(limit_bytes=history_bytes)
        self.session = session
        self._feed = QTimer(self)
        self._feed.timeout.connect(self._send_one)
        self._loop = QEventLoop(self)
        self._until = 0

    def play(self, frames):
        """Send so many more frames and let the window take them."""
        self._until = self.trainer.seq + frames
        self._feed.start(0)
        self._loop.exec()

    def reading(self):
        """What the process holds now."""
        self.session.run.history.flush()
        return Reading.take(self.trainer.seq, self.window)

    def look_around(self):
        """Visit every page, and the past."""
        for page in ("draw", "kernels", "labs", "learn"):
            self.window.page(page)
            self.window.show_page(page)
            self.window.repaint()
        for index in range(0, len(self.session.run.history), 40):
            self.session.scrub(index)
        self.session.go_live()

    def close(self):
        self.window.close()
        self.window.deleteLater()

    def _send_one(self):
        if not self.trainer.send_frame():
            return
        seq, learn = self.trainer.seq, self.window.learn
        if seq % PAINTED_EVERY == 0:
            learn.refresh_pictures()
            learn.repaint()
        if seq % AWAY_EVERY == 0:
            self.look_around()
        if seq >= self._until:
            self._feed.stop()
            self._loop.quit()
