"""The campaign itself, on a child that is none: who was harmed is given up only when another is in its place."""

import subprocess
import sys

import psutil
import pytest
from PySide6.QtCore import QTimer

from app import pulse
from app.link import Death
from app.session import Session
from app.settings import Settings
from engine import messages as m
from tests.app.fakes import FakeChannel


class Lingering(FakeChannel):
    """A child that is ready at once, and takes half a second to end, not stopped any more, after it was told to."""

    process = None

    @property
    def pid(self):
        return self.process and self.process.pid

    def start(self):
        super().start()
        self.process = psutil.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL)
        self.say(m.ChildReady(self.world, self.pid, {}))

    def kill(self):
        super().kill()
        self.process.resume()
        QTimer.singleShot(500, self._gone)

    def _gone(self):
        self.end()
        self.died.emit(Death(self.world, -9, ""))

    def end(self, patience=0.0):
        super().end(patience)
        self.process.kill()
        self.process.wait()


@pytest.fixture
def survivor(qapp, home, monkeypatch):  # noqa: ARG001 - a window needs an application
    from tests.survival.children import Survivor  # names signals that Windows has not

    monkeypatch.setattr(pulse, "BEAT_MS", pulse.BEAT_MS)
    monkeypatch.setattr(pulse, "STARTING", pulse.STARTING)
    made = Survivor(0, home, Session(Lingering("torch"), Lingering("inference"), Lingering, Settings()))
    made.start()
    yield made
    made.close()


@pytest.mark.skipif(sys.platform == "win32", reason="the campaign harms by signals")
def test_a_round_is_over_when_the_harmed_child_is_replaced_not_while_it_takes_long_to_end(survivor):
    child = survivor.session.inference
    harmed = child.process
    harmed.suspend()
    child.silent.emit(True)
    survivor._recover("inference", harmed)
    assert child.killed
    assert child.starts == 2
    assert survivor.session.ready == {"trainer": True, "inference": True}
    assert child.pid != harmed.pid
