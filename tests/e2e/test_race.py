"""A race of real children: both get turns, a killed ghost is told of, and nothing is left when the window ends."""

import pytest

from app.link import Link
from app.session import Session
from app.settings import Settings
from engine.config import RunConfig
from tests.app.fakes import FakeChannel

LONG_MS = 120_000


@pytest.fixture
def session(qapp):  # noqa: ARG001 - a session needs an application
    """A session whose trainer and jobs are real."""
    made = Session(Link("torch"), FakeChannel(), Link, Settings())
    made.start()
    made.show_page("learn")
    yield made
    made.end()
    made.deleteLater()


def test_turns_are_taken_and_neither_death_nor_end_leaves_a_process(session, qtbot):
    said = []
    session.noticed.connect(said.append)
    session.start_run(RunConfig(model="mlp-32x2", epochs=1000))
    qtbot.waitUntil(lambda: session.run.time > 0.5, timeout=LONG_MS)
    session.race.toggle()
    ghost = session.race.ghost
    qtbot.waitUntil(lambda: ghost.time > 1.0, timeout=LONG_MS)
    step = session.run.step
    qtbot.waitUntil(lambda: session.run.step > step, timeout=LONG_MS)  # its turn came again
    session.jobs.child.kill()
    qtbot.waitUntil(lambda: not session.race.under_way, timeout=LONG_MS)
    assert [notice.what for notice in said] == ["The race is gone: it was ended by signal 9."]
    step = session.run.step
    qtbot.waitUntil(lambda: session.run.step > step, timeout=LONG_MS)
    session.race.toggle()
    qtbot.waitUntil(lambda: session.race.ghost.time > 0, timeout=LONG_MS)
    session.end()  # what is left running then fails the test
