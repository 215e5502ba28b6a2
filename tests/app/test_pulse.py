"""A child that is asked for signs of life: silent after a few beats without any, and told when it is back."""

import os
import signal
import sys

import pytest

from app import pulse
from app.link import Link
from app.pulse import MISSED, STARTING, Pulse
from engine import messages as m

START_MS = 120_000


@pytest.fixture
def beaten(qapp):  # noqa: ARG001 - a timer needs an application
    """A pulse whose beats a test makes, how often it asked, and what it told."""
    asked, told = [], []
    made = Pulse(lambda: asked.append(1))
    made.silent.connect(told.append)
    made.start()
    made.stop()
    made.heard = True
    return made, asked, told


def test_a_child_that_says_anything_between_beats_is_alive(beaten):
    made, asked, told = beaten
    for _ in range(3 * MISSED):
        made.beat()
        made.heard = True
    assert not told
    assert len(asked) == 3 * MISSED


def test_a_child_that_is_being_started_is_given_longer(beaten):
    made, _, told = beaten
    made.heard = False
    for _ in range(STARTING - 1):
        made.beat()
    assert not told
    made.beat()
    assert told == [True]


def test_silence_is_told_once_and_so_is_its_end(beaten):
    made, _, told = beaten
    made.beat()
    for _ in range(MISSED - 1):
        made.beat()
    assert not told
    made.beat()
    made.beat()
    assert told == [True]
    made.heard = True
    made.beat()
    made.beat()
    assert told == [True, False]


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not stopped by a signal there")
def test_a_stopped_child_is_silent_until_it_goes_on(qtbot, monkeypatch):
    monkeypatch.setattr(pulse, "BEAT_MS", 100)
    link = Link("inference")
    link.start()
    with qtbot.waitSignal(link.said, timeout=START_MS, check_params_cb=lambda event: isinstance(event, m.ChildReady)):
        pass
    with qtbot.waitSignal(link.silent, timeout=10_000, check_params_cb=bool):
        os.kill(link.pid, signal.SIGSTOP)
    with qtbot.waitSignal(link.silent, timeout=10_000, check_params_cb=lambda silent: not silent):
        os.kill(link.pid, signal.SIGCONT)
    os.kill(link.pid, signal.SIGSTOP)
    with qtbot.waitSignal(link.died, timeout=10_000) as caught:
        link.kill()
    assert "signal 9" in caught.args[0].reason
    link.end()
