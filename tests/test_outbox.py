"""Events leave in order, as they were when they were said, and nobody waits for a slow reader."""

import multiprocessing
import subprocess
import sys
import threading

import numpy as np
import pytest

from engine import messages as m
from engine.outbox import ROOM, Outbox

LARGE = 1 << 18
"""Floats that no pipe holds."""


@pytest.fixture
def ends():
    ours, theirs = multiprocessing.Pipe()
    yield ours, theirs
    ours.close()


def scored(step, loss):
    return m.Scored("run", step, 0.0, 0.0, 0.5, 0.1, loss, "cpu")


def test_a_reader_that_is_busy_holds_nobody_up_and_misses_nothing(ends):
    ours, theirs = ends
    outbox = Outbox(theirs)
    values = np.zeros(LARGE)
    for step in range(5):
        values.fill(step)
        outbox.send(scored(step, values))
    values.fill(99)
    heard = [ours.recv() for _ in range(5)]
    assert [event.step for event in heard] == list(range(5))
    for event in heard:
        np.testing.assert_array_equal(event.confusion, event.step)


def test_where_too_much_waits_the_next_waits_too(ends):
    ours, theirs = ends
    outbox, large = Outbox(theirs), np.zeros(LARGE)
    count = ROOM + 2  # one of them is being sent
    speaker = threading.Thread(target=lambda: [outbox.send(scored(step, large)) for step in range(count)])
    speaker.start()
    speaker.join(0.5)
    assert speaker.is_alive()
    assert [ours.recv().step for _ in range(count)] == list(range(count))
    speaker.join(5)
    assert not speaker.is_alive()


def test_a_flush_ends_when_everything_is_on_its_way(ends):
    ours, theirs = ends
    outbox = Outbox(theirs)
    for _ in range(ROOM):
        outbox.send(m.Pong())
    outbox.flush()
    theirs.close()
    assert [ours.recv() for _ in range(ROOM)] == [m.Pong()] * ROOM
    with pytest.raises(EOFError):
        ours.recv()


def test_what_cannot_be_pickled_is_the_speakers_error(ends):
    ours, theirs = ends
    outbox = Outbox(theirs)
    with pytest.raises((AttributeError, TypeError)):
        outbox.send(scored(0, lambda: None))
    outbox.send(m.Pong())
    assert ours.recv() == m.Pong()


SPEAKER = """
import multiprocessing, time
from engine import messages as m
from engine.outbox import Outbox
ours, theirs = multiprocessing.Pipe()
outbox = Outbox(theirs)
ours.close()
outbox.send(m.Pong())
time.sleep(60)
"""


def test_without_a_parent_there_is_nobody_to_tell():
    assert subprocess.run([sys.executable, "-c", SPEAKER], timeout=30, check=False).returncode == 1
