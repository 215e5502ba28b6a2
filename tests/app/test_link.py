"""A child's pipe at its end: what was said last is heard, and who does not end is not waited for."""

import multiprocessing
import queue
import threading
from pathlib import Path

import pytest

from app import link
from app.link import Death, Life, Link, heard, write
from engine import messages as m

LOST = m.BackendLost("cupy-xnor", "It failed.", "Mend it.")


class Process:
    """A child that is gone, or one that can be ended only by force."""

    exitcode = 75

    def __init__(self):
        self.killed = threading.Event()

    def kill(self):
        self.killed.set()

    def join(self, timeout=None):
        pass


@pytest.fixture
def child():
    """A life, and the child's end of its pipe."""
    ours, theirs = multiprocessing.Pipe()
    made = Life(Process(), ours, queue.SimpleQueue(), Path("no log"))
    yield made, theirs
    ours.close()
    theirs.close()


def test_what_a_child_said_before_it_ended_is_heard_though_nothing_can_be_sent_to_it(child):
    life, theirs = child
    theirs.send(LOST)
    theirs.close()
    life.outbox.put(m.ListBackends())
    write(life)
    said = []
    with pytest.raises(EOFError):
        said.extend(iter_into(said, heard(life.connection)))
    assert said == [LOST]


def iter_into(said, events):
    for event in events:
        said.append(event)
    return ()


def test_a_child_that_lost_a_backend_and_does_not_end_is_killed(child, qapp, qtbot, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(link, "LINGER", 0.01)
    life, theirs = child
    writer = threading.Thread(target=write, args=(life,))
    writer.start()
    made, died = Link("inference"), []
    made.died.connect(died.append)
    theirs.send(LOST)
    reader = threading.Thread(target=made._read, args=(life, writer))
    reader.start()
    qtbot.waitUntil(lambda: bool(died), timeout=10_000)
    reader.join(10)
    assert life.process.killed.is_set()
    assert died == [Death("inference", 75, "")]
    assert life.connection.closed
    assert not writer.is_alive()


def test_when_a_child_is_ended_nobody_reads_on(qtbot):
    made = Link("inference")
    with qtbot.waitSignal(made.said, timeout=60_000):
        made.start()
    reader = made._reader
    assert reader.is_alive()
    made.end()
    assert not reader.is_alive()
