"""The race on fake children: whose turn it is, that never both train, and how it ends."""

import numpy as np
import pytest

from app.link import Death
from engine import messages as m
from engine.config import RunConfig

CONFIG = RunConfig(model="mlp-1024x3", seed=7)


def frame(step, time):
    none = np.zeros(0, np.float32)
    scalars = m.Scalars(np.zeros(0, np.int64), none, none, np.zeros((0, 1), np.float32))
    return m.Frame("r1", step, step, step / 100, time, scalars, (), None, 0.005, 100.0, 0.01)


def ghost(time, resting=False):
    return m.Ghost(int(10 * time), time / 10, time, "plain torch", resting)


def told(channel):
    """What a child is last told of its turn."""
    return next(c for c in reversed(channel.sent) if isinstance(c, m.Pause | m.Resume))


class Sides:
    """Both children, which come to rest and go on as they are told, and never train at once."""

    def __init__(self, session):
        self.session = session
        self.trainer, self.child = session.trainer, session.jobs.child
        self.run_goes, self.ghost_goes = True, False
        self.heard = {self.trainer: len(self.trainer.sent), self.child: 0}
        self.turns = []

    def settle(self):
        """Let both do what they were told, until nothing more is said."""
        while any(self.heard[channel] < len(channel.sent) for channel in self.heard):
            for channel in self.heard:
                commands, self.heard[channel] = channel.sent[self.heard[channel] :], len(channel.sent)
                for command in commands:
                    self.obey(channel, command)
                    assert not (self.run_goes and self.ghost_goes), "both train at once"

    def obey(self, channel, command):
        match command:
            case m.Pause("run") if self.run_goes:
                self.run_goes = False
                channel.say(m.RunState("r1", "paused"))
            case m.Resume("run"):
                self.run_goes = True
                self.turns.append("run")
                channel.say(m.RunState("r1", "running"))
            case m.Pause("job") if self.ghost_goes:
                self.ghost_goes = False
                channel.say(ghost(self.session.race.ghost.time, resting=True))
            case m.Resume("job"):
                self.ghost_goes = True
                self.turns.append("ghost")

    def train(self, seconds, step=0.25):
        """Whoever's turn it is trains; the other's clock stands still."""
        for _ in range(int(seconds / step)):
            run, other = self.session.run, self.session.race.ghost
            if self.run_goes:
                self.trainer.say(frame(run.step + 10, run.time + step))
            elif self.ghost_goes:
                self.child.say(ghost(other.time + step))
            self.settle()


@pytest.fixture
def running(session):
    """A run that has trained for four seconds."""
    started = m.RunStarted("r1", "f", CONFIG, (("dense 1", 512, 784),), 0, 100, 60_000, "native kernels")
    session.trainer.say(started, m.RunState("r1", "running"), frame(160, 4.0))
    return session


@pytest.fixture
def sides(running):
    """A race whose ghost is ready."""
    running.race.toggle()
    made = Sides(running)
    made.run_goes = False
    running.trainer.say(m.RunState("r1", "paused"))
    made.child.say(ghost(0.0, resting=True))
    made.settle()
    return made


def test_the_same_run_is_asked_for_with_plain_steps_at_the_trainers_priority(running):
    running.race.toggle()
    child = running.jobs.child
    assert child.last(m.Race).config == CONFIG.changed("steps", "plain")
    assert child.world == "torch"


def test_the_run_rests_while_the_ghost_starts_and_catches_up(running):
    running.race.toggle()
    assert told(running.trainer) == m.Pause("run")
    assert running.run.state == "yielding"
    running.trainer.say(m.RunState("r1", "evaluating"), m.RunState("r1", "paused"))
    assert running.run.state == "waiting"
    assert running.run.moving
    child = running.jobs.child
    assert child.last(m.Resume) is None
    child.say(ghost(0.0, resting=True))
    assert child.last(m.Resume) == m.Resume("job")


def test_turns_are_of_a_second_and_never_overlap(sides, running):
    sides.train(4.25)
    assert sides.run_goes
    assert running.race.ghost.time == pytest.approx(4.25)
    sides.turns.clear()
    sides.train(12)
    assert sides.turns[:4] == ["ghost", "run", "ghost", "run"]
    assert abs(running.run.time - running.race.ghost.time) <= 1.25


def test_where_a_person_pauses_both_rest_and_then_go_on(sides, running):
    sides.train(1)
    assert sides.ghost_goes
    running.pause()
    sides.settle()
    assert not sides.ghost_goes
    assert not sides.run_goes
    running.resume()
    sides.settle()
    assert sides.ghost_goes or sides.run_goes


def test_when_the_run_is_finished_the_ghost_goes_on_alone(sides, running):
    sides.train(4.25)
    running.trainer.say(m.RunState("r1", "finished"), m.Done("run"))
    sides.run_goes = False
    sides.settle()
    assert sides.ghost_goes
    sides.train(40)
    assert running.race.ghost.time > 40
    sides.child.say(m.Done("job"))
    assert running.race.ghost.state == "over"
    assert not running.race.under_way
    assert sides.child.ended


def test_a_race_that_is_ended_gives_the_machine_back_and_leaves_its_curve(sides, running):
    sides.child.say(m.Scored("ghost", 5, 0.1, 1.5, 0.9, 0.3, None, "cpu-xnor"))
    running.race.toggle()
    assert sides.child.ended
    assert told(running.trainer) == m.Resume("run")
    assert running.run.state == "running"
    assert running.race.ghost.course().scores.accuracy.tolist() == [0.9]


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (Death("torch", -9, "Killed"), "The race is gone: it was ended by signal 9."),
        (m.Failed("Race", "Its loss is no longer a number.", ""), "Its loss is no longer a number."),
    ],
)
def test_a_ghost_that_fails_is_told_of_and_the_run_goes_on(sides, running, qtbot, event, what):
    with qtbot.waitSignal(running.noticed) as caught:
        sides.child.died.emit(event) if isinstance(event, Death) else sides.child.say(event)
    assert (caught.args[0].page, caught.args[0].what) == ("learn", what)
    assert told(running.trainer) == m.Resume("run")
    assert not running.race.under_way


def test_a_changed_setting_ends_the_race(sides, running, qtbot):
    with qtbot.waitSignal(running.noticed) as caught:
        running.tune("learning_rate", 0.001)
    assert "a setting of the run was changed" in caught.args[0].what
    assert sides.child.ended
    assert running.race.ghost is None


@pytest.mark.parametrize("at_rest", [False, True])
def test_another_run_forgets_the_ghost_without_a_word(sides, running, at_rest):
    said = []
    running.noticed.connect(said.append)
    running.draft.take(CONFIG.changed("seed", 8))
    if at_rest:
        running.reset_run()
        running.trainer.say(m.RunState("r1", "stopped"))
    else:
        running.start_wanted()
    running.trainer.say(m.RunStarted("r2", "f", CONFIG, (("dense 1", 512, 784),), 0, 100, 60_000, "native kernels"))
    assert running.race.ghost is None
    assert sides.child.ended
    assert not said


def test_a_lost_trainer_leaves_the_ghost_alone_until_it_is_back(sides, running):
    running.trainer.died.emit(Death("torch", -9, ""))
    sides.run_goes = False
    sides.settle()
    assert sides.ghost_goes


def test_what_cannot_be_raced_says_why(session, qtbot):
    with qtbot.waitSignal(session.noticed) as caught:
        session.race.toggle()
    assert "Press Run first" in caught.args[0].what
    why = "Plain torch was asked for."
    started = m.RunStarted("r1", "f", CONFIG, (), 0, 1, 1, "plain torch", stepper_why=why)
    session.trainer.say(started, m.RunState("r1", "running"))
    assert session.race.problem.endswith(why)
    session.trainer.say(m.RunStarted("r2", "f", CONFIG, (), 0, 1, 1, "native kernels"), m.RunState("r2", "running"))
    session.jobs.start(m.BenchGemm(((8, 8, 8),)), "kernels", "The benchmark")
    assert session.race.problem == "The benchmark is under way; stop it first."
