"""The status line: how many epochs in how long, who makes the steps, and whose turn it is in a race."""

import pytest

from app.widgets.status import StatusLine
from engine import messages as m
from engine.config import RunConfig
from tests.app.frames import Trainer


@pytest.fixture
def line(session, qtbot):
    made = StatusLine(session)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def said(line):
    """What is read on it now."""
    line._refresh()
    return line._state.text(), line._figures.text()


def test_epochs_are_told_with_their_seconds_and_who_makes_the_steps(line, session):
    trainer = Trainer(session.trainer)
    trainer.begin()
    trainer.frame(steps=300)
    state, figures = said(line)
    assert state == "Training · epoch 4 of 10"
    assert figures == "3 epochs in 6.0 s   step 300   50 steps/s by torch   looking costs 1.0 %"


def test_with_a_time_limit_epochs_are_no_budget(line, session):
    trainer = Trainer(session.trainer, RunConfig(epochs=10, time_limit=1165.0))
    trainer.begin()
    trainer.frame(steps=2500)
    state, figures = said(line)
    assert state == "Training · epoch 26 · limit 1,165 s"
    assert figures.startswith("25 epochs in")


def test_at_rest_the_speed_is_that_of_the_whole_run(line, session):
    trainer = Trainer(session.trainer)
    trainer.begin()
    trainer.frame(steps=200)
    session.trainer.say(m.RunState(trainer.run, "finished"))
    assert said(line) == ("Finished", "2 epochs in 4.0 s   step 200   50 steps/s by torch")


def test_in_a_race_it_says_whose_turn_it_is(line, session):
    trainer = Trainer(session.trainer)
    trainer.begin()
    trainer.frame(steps=200)
    session.race.toggle()
    assert said(line)[0] == "Gives way · epoch 3 of 10 · plain torch is starting"
    session.trainer.say(m.RunState(trainer.run, "paused"))
    session.jobs.child.say(m.Ghost(0, 0.0, 0.0, "plain torch", resting=True))
    session.jobs.child.say(m.Ghost(20, 0.2, 2.5, "plain torch"))
    assert said(line) == (
        "Waits · epoch 3 of 10 · plain torch's turn",
        "0.2 epochs in 2.5 s   step 20   8.0 steps/s by plain torch",
    )
    session.pause()
    assert said(line)[0] == "Paused · epoch 3 of 10 · the race rests too"
