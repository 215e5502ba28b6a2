"""The race's other side in a worker of this process: the same run by plain torch, timed only while it trains."""

import pytest

from engine import messages as m
from engine.training.loop import Scored, StepDone
from tests.training.test_service import Stage
from tests.training.tiny import config, start, take

pytestmark = pytest.mark.usefixtures("data")


def race(stage, **changes):
    """Let a ghost train to its end."""
    stage.answer(lambda event: [m.Shutdown()] if isinstance(event, m.Failed) or event == m.Done("job") else None)
    stage.worker.post(m.Race(config(**changes)))
    stage.worker.post(m.Resume("job"))
    stage.worker.run()
    return stage.of(m.Ghost)


def test_it_is_the_run_that_plain_torch_would_make(tmp_path):
    stage = Stage()
    told = race(stage, steps="plain")
    plain = take(start(tmp_path, steps="plain").events(), Scored, 2)
    assert [(s.step, s.accuracy, s.loss) for s in stage.of(m.Scored)] == [
        (s.step, s.score.accuracy, s.score.loss) for s in plain
    ]
    assert told[-1].stepper == "plain torch"
    assert (told[-1].step, told[-1].epoch) == (20, 2)


def test_it_rests_before_its_first_step_and_leaves_no_folder(home):
    stage = Stage()
    first = race(stage)[0]
    assert (first.step, first.time, first.resting) == (0, 0.0, True)
    assert not list(home.rglob("*.safetensors"))


def test_its_clock_stands_still_while_it_rests():
    stage = Stage(tick=0.1)
    rested = []

    def rule(event):
        if isinstance(event, m.Ghost) and event.step > 0 and not rested:
            if not event.resting:
                return [m.Pause("job")]
            rested.append(event.time)
            stage.clock.now += 1000  # the other one's turn
            return [m.Resume("job")]
        return None

    told = race(stage.answer(rule))
    assert rested
    assert told[-1].time < 100
    assert [event.time for event in told] == sorted(event.time for event in told)


def test_numbers_that_run_away_end_it_with_the_reason(monkeypatch):
    stage = Stage()
    monkeypatch.setattr("engine.training.loop.Loop._step", diverge)
    race(stage)
    (failed,) = stage.of(m.Failed)
    assert failed.command == "Race"
    assert "no longer a number since step 0" in failed.what


def diverge(loop):
    """A step whose loss is no number."""
    loop.diverged = True
    return StepDone(0, 0.0, 0.0, 0, None)
