"""The tray on a fake worker: what is kept, undone, written, brought in, and read by models."""

import numpy as np
import pytest

from app.link import Death
from app.models_list import TRAINING
from app.session import ModelChoice, Session
from app.settings import Settings
from app.tray import Tally
from engine import messages as m
from engine.inference import recognise
from tests.app.fakes import FakeChannel
from tests.app.said import info


@pytest.fixture
def tray(session):
    session.models = [ModelChoice("a", "a", "/a"), ModelChoice("b", "b", "/b")]
    session.model_key = "a"
    return session.tray


def image(number):
    made = np.zeros((28, 28), np.uint8)
    made[4:20, 10] = 255
    made[0, :16] = np.unpackbits(np.array([number], ">u2").view(np.uint8)) * 255
    return made


def fill(tray, *labels):
    for number, label in enumerate(labels):
        assert tray.keep(image(number), label)


def labels(tray):
    return [one.label for one in tray.drawings]


def written(tray):
    return tray._inference.last(m.KeepDrawings)


def read(path, labels, test=None, own=False, blank=0, first=0):
    images = np.array([image(first + n) for n in range(len(labels))], np.uint8).reshape(-1, 28, 28)
    return m.DrawingsRead(path, own, images, np.array(labels, np.int64), test, blank)


def test_every_change_is_written_and_every_one_can_be_undone(tray):
    fill(tray, 3, 1, 4, 1)
    assert [one.test for one in tray.drawings] == [False, False, True, False]
    assert written(tray).path == tray.path
    np.testing.assert_array_equal(written(tray).test, [False, False, True, False])
    tray.relabel({1, 3}, 7)
    assert labels(tray) == [3, 7, 4, 7]
    assert tray.drawings[2].test, "relabelling leaves what it is kept for"
    tray.remove({0, 2})
    assert labels(tray) == [7, 7]
    tray.clear()
    assert len(written(tray).labels) == 0
    for expected in ([7, 7], [3, 7, 4, 7], [3, 1, 4, 1], [3, 1, 4]):
        tray.undo()
        assert labels(tray) == expected == written(tray).labels.tolist()
    tray.redo()
    assert labels(tray) == [3, 1, 4, 1]


def test_nothing_that_changes_nothing_is_to_be_undone(tray):
    fill(tray, 3)
    count = tray.undo_stack.count()
    tray.remove(set())
    tray.relabel(set(), 4)
    assert tray.undo_stack.count() == count


def test_there_is_room_for_a_thousand(tray):
    tray.take(read(tray.path, [1] * 999, own=True))
    assert tray.keep(image(2000), 1)
    assert not tray.keep(image(2001), 1)


def test_what_was_kept_comes_before_what_was_drawn_meanwhile(tray, session):
    assert session.inference.last(m.ReadDrawings) == m.ReadDrawings(tray.path, own=True)
    tray.keep(image(100), 9)
    session.inference.say(read(tray.path, [1, 2], np.array([True, False]), own=True))
    assert labels(tray) == [1, 2, 9]
    assert tray.drawings[0].test
    assert written(tray).labels.tolist() == [1, 2, 9]
    assert not tray.undo_stack.canUndo()


def test_a_fresh_worker_is_given_what_is_kept(tray, session):
    session.inference.say(read(tray.path, [1], own=True))
    fill(tray, 5)
    before = session.inference.count(m.KeepDrawings)
    session.inference.died.emit(Death("inference", -11, ""))
    session.restart_inference()
    assert session.inference.count(m.KeepDrawings) == before + 1


def carry_out(session):
    """Have what was asked about files of drawings done and answered, as the worker does."""
    for command in session.inference.sent:
        if isinstance(command, m.ReadDrawings | m.KeepDrawings):
            run = recognise.read(command) if isinstance(command, m.ReadDrawings) else recognise.keep(command)
            session.inference.say(*(event for event in run if event is not None))
    session.inference.sent.clear()


@pytest.fixture
def windows(qapp):  # noqa: ARG001 - sessions need an application
    """Makes windows of one person's, each of which has read the file of drawings."""
    made = []

    def window():
        session = Session(FakeChannel(), FakeChannel(), FakeChannel, Settings())
        session.start()
        carry_out(session)
        made.append(session)
        return session

    yield window
    for session in made:
        session.end()
        session.deleteLater()


def test_two_windows_lose_nothing_of_each_other(windows):
    a, b = windows(), windows()
    a.tray.keep(image(1), 1)
    a.tray.keep(image(2), 2)
    carry_out(a)
    b.tray.keep(image(3), 3)
    carry_out(b)
    assert labels(b.tray) == [3], "what was drawn elsewhere is not shown before the next start"
    assert labels(windows().tray) == [3, 1, 2]
    a.tray.relabel({0}, 7)
    a.tray.remove({1})
    carry_out(a)
    assert labels(windows().tray) == [7, 3]
    b.tray.undo()
    carry_out(b)
    assert labels(windows().tray) == [7]


@pytest.mark.parametrize("change", [lambda tray: tray.remove({0}), lambda tray: tray.relabel({0}, 5)])
def test_what_is_undone_before_it_is_written_is_in_the_file(windows, change):
    window = windows()
    fill(window.tray, 1, 2)
    carry_out(window)
    change(window.tray)
    window.tray.undo()
    carry_out(window)
    assert labels(windows().tray) == [1, 2]


def test_a_deletion_that_was_written_but_not_answered_can_be_undone(windows):
    window = windows()
    fill(window.tray, 1)
    carry_out(window)
    window.tray.remove({0})
    assert list(recognise.keep(window.inference.last(m.KeepDrawings)))[-1].count == 0
    window.inference.sent.clear()  # the worker died before it said so
    window.tray.worker_gone()
    window.tray.undo()
    window.inference.sent.clear()
    window.tray.load()
    carry_out(window)
    assert labels(windows().tray) == [1]


def test_what_was_taken_out_or_relabelled_elsewhere_stays_so(windows):
    first = windows()
    fill(first.tray, 1, 2, 3)
    carry_out(first)
    a, b = windows(), windows()
    a.tray.remove({0})
    a.tray.relabel({0}, 8)
    carry_out(a)
    b.tray.keep(image(9), 9)
    b.tray.relabel({2}, 4)
    carry_out(b)
    assert sorted(labels(windows().tray)) == [4, 8, 9]


def test_what_could_not_be_written_is_written_with_the_next_change(windows):
    a, b = windows(), windows()
    a.tray.keep(image(1), 1)
    a.inference.sent.clear()  # the disk was full
    b.tray.keep(image(2), 2)
    carry_out(b)
    a.tray.keep(image(3), 3)
    a.tray.remove({0})
    a.tray.undo()
    a.tray.undo()
    carry_out(a)
    assert labels(windows().tray) == [1, 2]


def test_an_import_adds_what_is_new_and_says_what_was_left_out(tray, session, qtbot):
    fill(tray, 1, 2)
    with qtbot.waitSignal(tray.told) as told:
        session.inference.say(read("/x.npz", [1, 2, 3, 4], blank=1))
    assert told.args == ["2 drawings were added; 2 were here already; 1 had nothing on them."]
    assert labels(tray) == [1, 2, 3, 4]
    assert [one.test for one in tray.drawings] == [False, False, True, False]
    tray.undo()
    assert labels(tray) == [1, 2]
    with qtbot.waitSignal(session.noticed) as told:
        session.inference.say(m.Failed("ReadDrawings", "It is no file.", "Choose another."))
    assert told.args[0].page == "draw"
    assert labels(tray) == [1, 2]


def test_an_export_is_all_of_them_and_told(tray, session, qtbot):
    fill(tray, 1, 2, 3)
    tray.write("/out.npz")
    assert (written(tray).path, len(written(tray).images)) == ("/out.npz", 3)
    with qtbot.waitSignal(tray.told) as told:
        session.inference.say(m.DrawingsKept("/out.npz", 3))
    assert told.args == ["3 drawings are in '/out.npz'."]


def test_a_worker_that_is_gone_is_asked_nothing(tray, session):
    fill(tray, 1, 2)
    assert tray.ask(["a"])
    tray.read.connect(lambda: tray.ask(["a"]))  # as the card does
    session.inference.died.emit(Death("inference", -11, ""))
    assert not tray.busy
    tray.load()
    assert tray.busy


def test_models_read_only_what_they_have_not(tray, session):
    fill(tray, 1, 2, 3)
    assert tray.ask(["a", "b"])
    asked = session.inference.last(m.Recognise)
    assert (asked.models, len(asked.images)) == ((("a", "/a"), ("b", "/b")), 3)
    session.inference.say(m.Recognised(asked.request, "a", np.array([1, 2, 9]), accuracy=0.9))
    assert tray.busy
    session.inference.say(m.Recognised(asked.request, "b", None, "It cannot."), m.Done("recognise"))
    assert not tray.busy
    assert tray.tally("a") == Tally(2, 3, 3)
    assert (tray.tally("a", test=True), tray.tally("a", test=False)) == (Tally(0, 1, 1), Tally(2, 2, 2))
    assert (tray.tally("b").read, tray.whys["b"], tray.accuracies["a"]) == (0, "It cannot.", 0.9)
    assert not tray.ask(["a", "b"])
    tray.relabel({2}, 9)
    assert not tray.ask(["a"]), "a label is not read"
    assert tray.tally("a") == Tally(3, 3, 3)


def test_answers_to_what_no_longer_stands_are_not_taken(tray, session):
    fill(tray, 1, 2)
    tray.ask(["a"])
    old = session.inference.last(m.Recognise).request
    tray.stop()
    assert session.inference.last(m.Cancel) == m.Cancel("recognise")
    session.inference.say(m.Recognised(old, "a", np.array([1, 2])))
    assert tray.tally("a").read == 0


def test_the_network_in_training_is_another_after_every_score(tray, session):
    session.models.append(ModelChoice(TRAINING, "the network in training", ""))
    fill(tray, 1)
    assert not tray.ask([TRAINING]), "it has not been loaded"
    session.infos[TRAINING] = None
    assert tray.ask([TRAINING])
    session.inference.say(m.Recognised(session.inference.last(m.Recognise).request, TRAINING, np.array([1])))
    assert tray.tally(TRAINING).read == 1
    tray.reloaded(TRAINING)
    assert tray.tally(TRAINING).read == 0


def test_a_file_that_is_opened_again_is_read_again(tray, session):
    fill(tray, 7)
    tray.ask(["a"])
    request = session.inference.last(m.Recognise).request
    session.inference.say(m.Recognised(request, "a", np.array([7]), "", "net", 0.9), m.Done("recognise"))
    assert tray.tally("a") == Tally(1, 1, 1)
    session.open_model("a")
    session.inference.say(m.ModelLoaded(info("a")))
    assert tray.tally("a") == Tally(0, 0, 1)
    assert (tray.names, tray.accuracies) == ({}, {})
    assert tray.ask(["a"])


def test_what_the_network_before_read_is_not_taken_for_what_this_one_does(tray, session):
    fill(tray, 7)
    tray.ask(["a"])
    session.inference.say(m.ModelLoaded(info("a")))
    request = session.inference.last(m.Recognise).request
    session.inference.say(m.Recognised(request, "a", np.array([7])), m.Done("recognise"))
    assert tray.tally("a").read == 0


@pytest.mark.parametrize("failure", [m.Crashed("Recognise", "Traceback"), m.Failed("Recognise", "It is gone.", "")])
def test_a_model_that_fails_is_not_asked_again_before_the_worker_is_another(tray, session, failure):
    fill(tray, 1)
    tray.read.connect(lambda: tray.busy or tray.ask(["a", "b"]))  # as the dialog does
    tray.ask(["a", "b"])
    request = session.inference.last(m.Recognise).request
    session.inference.say(m.Recognised(request, "a", np.array([1])), failure, m.Done("recognise"))
    assert not tray.busy
    assert session.inference.count(m.Recognise) == 1
    assert tray.whys["b"] == "It failed while it read your drawings."
    session.inference.died.emit(Death("inference", -11, ""))
    session.restart_inference()
    assert session.inference.last(m.Recognise).models == (("b", "/b"),)
