"""The run in the session: credit, its states, live settings, and the death of its trainer."""

from dataclasses import replace

import pytest

from app.link import Death
from engine import messages as m
from engine.config import RunConfig
from engine.errors import BadInput
from tests.app.said import frame, started


class TestRun:
    def test_the_first_credit_is_given_when_a_run_starts(self, session):
        session.trainer.say(started())
        assert session.trainer.last(m.Ack) == m.Ack(-1)

    def test_a_shown_frame_is_acknowledged_at_once_on_the_learn_page(self, session):
        session.show_page("learn")
        session.trainer.say(started(), frame(0, 1))
        assert session.trainer.last(m.Ack) == m.Ack(0)

    def test_a_hidden_page_acknowledges_once_a_second(self, session, qtbot):
        session.show_page("draw")
        session.trainer.say(started(), frame(0, 1))
        assert session.trainer.last(m.Ack) == m.Ack(-1)
        qtbot.waitUntil(lambda: session.trainer.last(m.Ack) == m.Ack(0), timeout=3000)

    def test_coming_back_to_the_learn_page_acknowledges_at_once(self, session):
        session.show_page("draw")
        session.trainer.say(started(), frame(0, 1))
        session.show_page("learn")
        assert session.trainer.last(m.Ack) == m.Ack(0)

    def test_a_frame_of_an_older_run_is_not_shown(self, session):
        session.trainer.say(started("r1"), started("r2"), frame(5, 77, "r1"))
        assert session.run.step == 0

    def test_space_starts_pauses_and_resumes(self, session):
        session.toggle_run()
        assert session.run.state == "starting"
        session.trainer.say(started(), m.RunState("r1", "running"))
        session.toggle_run()
        assert session.trainer.sent[-1] == m.Pause("run")
        session.toggle_run()
        assert session.trainer.sent[-1] == m.Resume("run")

    def test_a_live_setting_reaches_the_run_and_the_next_one(self, session):
        session.trainer.say(started(), m.RunState("r1", "running"))
        session.tune("learning_rate", 0.001)
        assert session.trainer.sent[-1] == m.Tune("learning_rate", 0.001)
        assert session.draft.config().learning_rate == 0.001

    def test_a_setting_out_of_range_is_refused_before_it_is_sent(self, session):
        session.trainer.say(started(), m.RunState("r1", "running"))
        with pytest.raises(BadInput):
            session.tune("learning_rate", 7.0)
        assert session.trainer.last(m.Tune) is None

    def test_broken_remembered_settings_give_the_defaults(self, session):
        session.settings.run = {"epochs": "many", "colour": 3}
        assert session.draft.config() == RunConfig()
        assert session.settings.run == {}


class TestDeath:
    def test_a_dead_trainer_is_told_with_where_it_can_go_on(self, session, qtbot):
        session.trainer.say(started(), m.RunState("r1", "running"), m.Saved("r1", 468, 1.0, "/r1/last"))
        with qtbot.waitSignal(session.noticed) as caught:
            session.trainer.died.emit(Death("torch", -9, "Killed"))
        assert session.run.state == "lost"
        assert "signal 9" in caught.args[0].what
        assert "step 468" in caught.args[0].remedy
        session.resume_lost()
        assert session.trainer.starts == 2
        assert session.trainer.last(m.ContinueRun) == m.ContinueRun("/r1/last")

    def test_what_was_seen_before_the_save_stays_and_the_pinned_weight_is_watched_on(self, session):
        session.trainer.say(started(), frame(0, 400), m.Saved("r1", 468, 1.0, "/r1/last"), frame(1, 500))
        history = session.run.history
        session.watch(0, 3, 4)
        session.trainer.died.emit(Death("torch", -9, ""))
        session.resume_lost()
        session.trainer.sent.clear()
        session.trainer.say(started(step=468))
        assert session.run.history is history
        assert session.run.saved.step == 468
        assert session.trainer.last(m.Watch) == m.Watch(0, 3, 4)

    def test_without_a_save_it_begins_again(self, session):
        session.trainer.say(started(seed=3), m.RunState("r1", "running"))
        session.trainer.died.emit(Death("torch", 1, ""))
        session.resume_lost()
        assert session.trainer.last(m.StartRun).config.seed == 3

    @pytest.mark.parametrize(
        "ask",
        [
            lambda session: session.start_run(RunConfig(seed=3)),
            lambda session: session.reset_run(),
            lambda session: session.reopen_run("/r0/last"),
            lambda session: session.train_on("/model", {}),
        ],
        ids=["run", "reset", "reopen", "train on"],
    )
    def test_a_run_that_was_starting_is_asked_for_again_and_not_the_one_before(self, session, qtbot, ask):
        session.trainer.say(started(), m.RunState("r1", "running"), m.Saved("r1", 468, 1.0, "/r1/last"))
        session.trainer.say(m.RunState("r1", "finished"), m.Done("run"))
        ask(session)
        asked, config = session.trainer.sent[-1], session.run.config
        for _ in range(2):
            with qtbot.waitSignal(session.noticed) as caught:
                session.trainer.died.emit(Death("torch", -9, ""))
            assert session.run.state == "lost"
            assert caught.args[0].action == "resume-run"
            assert "had not begun" in caught.args[0].remedy
            session.trainer.sent.clear()
            session.resume_lost()
            assert session.trainer.sent == [asked]
            assert (session.run.state, session.run.config) == ("starting", config)
        session.trainer.say(m.Failed(type(asked).__name__, "It does not fit into memory."))
        assert (session.run.name, session.run.state, session.run.saved.step) == ("r1", "finished", 468)

    def test_a_trainer_that_cannot_start_is_told_of_and_not_started_for_ever(self, session, qtbot):
        with qtbot.waitSignal(session.noticed) as caught:
            session.trainer.died.emit(Death("torch", 1, "No module named 'torch'"))
        assert session.trainer.starts == 1
        assert caught.args[0].action == "restart-trainer"
        session.restart_trainer()
        session.trainer.say(m.ChildReady("torch", 1, {}))
        with qtbot.waitSignal(session.noticed) as caught:
            session.trainer.died.emit(Death("torch", -9, ""))
        assert session.trainer.starts == 3
        assert "started again" in caught.args[0].remedy

    @pytest.mark.parametrize(
        "ask",
        [
            lambda session: session.toggle_run(),
            lambda session: session.reset_run(),
            lambda session: session.step_once(),
            lambda session: session.reopen_run("/r0/last"),
            lambda session: session.branch_run("/r0/checkpoint-1"),
            lambda session: session.train_on("/model", {}),
        ],
        ids=["run", "reset", "step", "reopen", "branch", "train on"],
    )
    def test_whoever_asks_for_a_run_has_the_trainer_again_and_what_was_said_of_it_is_withdrawn(self, session, ask):
        said, withdrawn = [], []
        session.noticed.connect(said.append)
        session.withdrawn.connect(withdrawn.append)
        session.trainer.say(started(), m.RunState("r1", "running"))
        session.trainer.died.emit(Death("torch", -9, ""))
        session.trainer.sent.clear()
        ask(session)
        assert session.trainer.starts == 2
        assert isinstance(session.trainer.sent[0], m.StartRun | m.ContinueRun | m.TrainOn)
        assert withdrawn == [notice.what for notice in said]

    def test_one_trainer_is_enough(self, session):
        session.restart_trainer()
        assert session.trainer.starts == 1

    def test_a_trainer_that_answers_again_or_is_gone_is_not_called_silent_any_more(self, session):
        said, withdrawn = [], []
        session.noticed.connect(said.append)
        session.withdrawn.connect(withdrawn.append)
        session.trainer.say(m.ChildReady("torch", 1, {}))
        session.trainer.silent.emit(True)
        session.trainer.silent.emit(False)
        session.trainer.silent.emit(True)
        session.trainer.died.emit(Death("torch", -9, ""))
        assert withdrawn == [notice.what for notice in said[:-1]]
        assert "gone" in said[-1].what


@pytest.mark.parametrize("state", ["stopped", "finished"])
def test_a_start_that_fails_leaves_the_run_that_is_seen(session, state):
    session.trainer.say(started(), m.RunState("r1", state))
    config = session.run.config
    session.start_run(replace(config, model="mlp-8x1"))
    assert session.run.state == "starting"
    session.trainer.say(m.Failed("StartRun", "There is no such data set.", "Choose another."))
    assert (session.run.name, session.run.state, session.run.config) == ("r1", state, config)


@pytest.mark.parametrize("ask", ["step_once", "reset_run"])
def test_a_first_run_that_fails_to_start_at_rest_leaves_none(session, ask):
    getattr(session, ask)()
    assert session.run.state == "paused"
    session.trainer.say(m.Failed("StartRun", "CIFAR-10 is not here.", "Fetch it."))
    assert (session.run.state, session.run.active) == ("none", False)


@pytest.mark.parametrize(
    ("ask", "command"),
    [
        (lambda session: session.reopen_run("/r0/last"), "ContinueRun"),
        (lambda session: session.branch_run("/r0/checkpoint-1"), "ContinueRun"),
        (lambda session: session.train_on("/model", {}), "TrainOn"),
        (lambda session: session.reset_run(), "StartRun"),
    ],
    ids=["reopen", "branch", "train on", "reset"],
)
@pytest.mark.parametrize("state", ["running", "paused"])
def test_the_run_that_was_ended_for_one_that_fails_is_over(session, ask, command, state):
    session.trainer.say(started(), m.RunState("r1", state))
    ask(session)
    session.trainer.say(m.Failed(command, "It is broken.", "Choose another."))
    assert (session.run.name, session.run.state) == ("r1", "stopped")


def test_one_that_fails_after_another_that_was_still_starting_leaves_the_run_before_both(session):
    session.reset_run()
    session.start_run(RunConfig(model="mlp-8x1"))
    session.trainer.say(m.Failed("StartRun", "There is no such data set."), m.Failed("StartRun", "Nor this one."))
    assert (session.run.state, session.run.config) == ("none", RunConfig())


@pytest.mark.parametrize("event", [m.Failed("StartRun", "It cannot go on."), m.Crashed("StartRun", "Traceback")])
def test_a_run_that_fails_after_it_began_is_over(session, event):
    session.start_run(RunConfig())
    session.trainer.say(started(), m.RunState("r1", "running"), event, m.Done("run"))
    assert (session.run.name, session.run.state) == ("r1", "stopped")


def test_what_crashes_beside_the_run_does_not_end_it(session):
    session.trainer.say(started(), m.RunState("r1", "running"), m.Crashed("Watch", "Traceback"))
    assert session.run.state == "running"


@pytest.mark.parametrize("event", [m.RunState("r1", "evaluating"), m.RunState("r1", "finished"), m.Done("run")])
def test_last_words_of_the_run_before_are_not_of_the_one_that_is_starting(session, event):
    session.trainer.say(started(), m.RunState("r1", "running"))
    session.start_run(RunConfig(seed=3))
    session.trainer.say(event)
    assert session.run.state == "starting"
    session.trainer.say(started("r2", seed=3), m.RunState("r2", "running"))
    assert session.run.state == "running"
