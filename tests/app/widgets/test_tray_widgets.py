"""The row of kept drawings and its dialog: keys, words, tables, and training on them."""

import shlex

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget

from app.as_command import of_training_on
from app.cli.parser import parse
from app.session import TRAINING, ModelChoice
from app.tray import Tally
from app.widgets.canvas import Canvas
from app.widgets.tray_card import TrayCard
from app.widgets.tray_dialog import TrayDialog
from app.widgets.tray_table import told
from engine import messages as m
from engine.config import RunConfig
from tests.app.test_session import info

CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


@pytest.fixture
def kept(session):
    """A session with six drawings, of which the model in use reads all but the second right."""
    session.models = [ModelChoice("a", "small", "/a"), ModelChoice("b", "small + mine", "/b")]
    session.model_key = "a"
    session.inference.say(m.ModelLoaded(info("a")))
    for number in range(6):
        image = np.zeros((28, 28), np.uint8)
        image[4:20, 4 + number] = 255
        session.tray.keep(image, number)
    session.tray.ask(["a"])
    answer(session, "a", [0, 7, 2, 3, 4, 5])
    return session


def answer(session, key, labels, **more):
    request = session.inference.last(m.Recognise).request
    session.inference.say(m.Recognised(request, key, np.array(labels), **more), m.Done("recognise"))


@pytest.fixture
def card(kept, qtbot):
    made = TrayCard(kept, Canvas())
    qtbot.addWidget(made)
    made.resize(1000, 70)
    made.show()
    return made


@pytest.fixture
def dialog(kept, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    made = TrayDialog(kept, window)
    made.show()
    yield made
    made.close()


def press(strip, key, how=NONE):
    QTest.keyClick(strip, key, how)


def labels(session):
    return [one.label for one in session.tray.drawings]


def test_each_drawing_is_told_in_words(card):
    assert card.told.text() == "5 of 6 read right"
    strip = card.strip
    assert strip.words(1) == "drawing 2 of 6: a 1, read as 7; to train on"
    assert strip.words(2) == "drawing 3 of 6: a 2, read right; for the test alone"
    assert "5 of 6 read right" in strip.accessibleDescription()


def test_keys_choose_relabel_delete_and_undo(card, kept):
    strip = card.strip
    press(strip, Qt.Key.Key_Home)
    press(strip, Qt.Key.Key_Right)
    assert strip.chosen == {1}
    press(strip, Qt.Key.Key_7)
    assert labels(kept) == [0, 7, 2, 3, 4, 5]
    assert card.told.text() == "6 of 6 read right"
    press(strip, Qt.Key.Key_Home)
    press(strip, Qt.Key.Key_Right, SHIFT)
    assert strip.chosen == {0, 1}
    press(strip, Qt.Key.Key_Delete)
    assert labels(kept) == [2, 3, 4, 5]
    press(strip, Qt.Key.Key_Z, CONTROL)
    assert labels(kept) == [0, 7, 2, 3, 4, 5]
    press(strip, Qt.Key.Key_Z, CONTROL | SHIFT)
    press(strip, Qt.Key.Key_A, CONTROL)
    press(strip, Qt.Key.Key_Delete)
    assert labels(kept) == []
    assert card.undo.text() == "Undo delete 4"
    card.undo.click()
    assert labels(kept) == [2, 3, 4, 5]


def test_the_mouse_chooses_too(card):
    strip = card.strip
    for index, how, chosen in ((0, NONE, {0}), (3, SHIFT, {0, 1, 2, 3}), (1, CONTROL, {0, 2, 3}), (5, NONE, {5})):
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, how, strip.place(index).center().toPoint())
        assert strip.chosen == chosen
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, NONE, strip.rect().bottomRight())
    assert strip.chosen == set()


def test_the_newest_is_in_sight_however_narrow_it_is(card, kept):
    strip = card.strip
    strip.setFixedWidth(100)
    assert strip.room == 2
    kept.tray.keep(np.full((28, 28), 9, np.uint8), 8)
    assert strip.rect().contains(strip.place(6).toRect())


def test_relabelling_leaves_the_view_and_the_choice(card):
    strip = card.strip
    strip.setFixedWidth(100)
    press(strip, Qt.Key.Key_Home)
    press(strip, Qt.Key.Key_9)
    assert strip.chosen == {0}
    assert strip.rect().contains(strip.place(0).toRect())


def test_a_second_delete_takes_nothing_that_was_not_chosen(card, kept):
    strip = card.strip
    press(strip, Qt.Key.Key_Home)
    press(strip, Qt.Key.Key_Right, SHIFT)
    press(strip, Qt.Key.Key_Delete)
    assert strip.chosen == set()
    press(strip, Qt.Key.Key_Delete)
    assert labels(kept) == [2, 3, 4, 5]


def test_those_stay_chosen_that_were_when_others_come_back(card, kept):
    strip = card.strip
    press(strip, Qt.Key.Key_Home)
    press(strip, Qt.Key.Key_Delete)
    press(strip, Qt.Key.Key_Home)
    assert strip.chosen == {0}
    press(strip, Qt.Key.Key_Z, CONTROL)
    assert labels(kept) == [0, 1, 2, 3, 4, 5]
    assert strip.chosen == {1}


def test_another_model_is_asked_when_it_comes_into_use(card, kept):  # noqa: ARG001
    kept.select_model("b")
    assert kept.inference.last(m.Recognise).models == (("b", "/b"),)


def test_few_are_told_as_a_count_with_where_the_share_may_lie():
    assert told(Tally(0, 0, 4)) == "–"
    assert told(Tally(5, 6, 6)) == "5 of 6  (44–97 %)"
    assert told(Tally(27, 30, 30)) == "90.0 %  27 of 30  (74–97 %)"


def test_the_table_tells_test_from_what_was_trained_on(dialog, kept):
    answer(kept, "b", [0, 1, 2, 3, 4, 9], accuracy=0.9912, name="little + mine")
    cells = dialog.table.cells
    assert cells["a", 0].text() == "2 of 2  (34–100 %)"
    assert cells["b", 0].text() == "1 of 2  (9–91 %)"
    assert cells["b", 1].text() == "4 of 4  (51–100 %)  (trained on)"
    assert cells["b", 2].text() == "99.12 %"
    assert "little + mine: 1 of 2" in dialog.table.accessibleDescription()
    assert dialog.counts.text() == "6 kept: 4 to train on, 2 for the test alone (T)"


def test_reading_can_be_stopped(dialog, kept):
    assert dialog.stop.isVisible()
    dialog.stop.click()
    assert kept.inference.last(m.Cancel) == m.Cancel("recognise")
    assert not dialog.stop.isVisible()
    assert not kept.tray.busy


def test_training_on_them_is_a_run_that_is_followed_and_its_model_used(dialog, kept):
    training = dialog.training
    training.share.setValue(30)
    training.epochs.setValue(2)
    training.train.click()
    asked = kept.trainer.last(m.TrainOn)
    assert (asked.model, asked.changes) == ("a", {"extra": kept.tray.path, "extra_share": 0.3, "epochs": 2})
    assert training.stop.isVisible()
    config = RunConfig(extra="/run/extra.npz", start="/run/start.safetensors", epochs=2)
    kept.trainer.say(
        m.RunStarted("r", "/run", config, (("output", 10, 784),), 0, 100, 12800, "torch"), m.RunState("r", "running")
    )
    assert training.words.text().startswith("Epoch 0.00 of 2")
    training.stop.click()
    assert kept.trainer.last(m.StopRun)
    kept.trainer.say(m.Saved("r", 50, 0.5, "/run/last.safetensors"), m.RunState("r", "stopped"))
    assert kept.inference.last(m.LoadModel) == m.LoadModel("/run/last.safetensors", "/run/last.safetensors")
    assert training.train.isVisible()
    assert training.words.text().startswith("Done")
    kept.inference.say(m.ModelLoaded(info("/run/last.safetensors")))
    assert kept.model_key == "/run/last.safetensors"


def test_what_cannot_be_trained_on_is_said_there(dialog, kept):
    dialog.training.train.click()
    kept.trainer.say(m.Failed("TrainOn", "It has float weights.", "Choose a binarized model."))
    assert dialog.training.words.text() == "⚠ It has float weights. Choose a binarized model."
    assert dialog.training.train.isVisible()
    kept.models.append(ModelChoice(TRAINING, "the network in training", ""))
    kept.select_model(TRAINING)
    dialog.training.begin()
    assert "not saved yet" in dialog.training.words.text()


def test_what_is_said_stays_as_long_as_it_is_true(dialog, kept):
    training = dialog.training
    kept.models.append(ModelChoice(TRAINING, "the network in training", ""))
    kept.select_model(TRAINING)
    training.begin()
    kept.models_changed.emit()
    assert "not saved yet" in training.words.text()
    kept.select_model("a")
    assert "begins with" in training.words.text()
    assert training.words.property("role") == "muted"
    training.begin()
    started = m.RunStarted("r", "/run", RunConfig(), (("output", 10, 784),), 0, 100, 12800, "torch")
    kept.trainer.say(started, m.RunState("r", "running"))
    kept.trainer.say(m.Saved("r", 50, 0.5, "/run/last.safetensors"), m.RunState("r", "finished"))
    kept.inference.say(m.ModelLoaded(info("/run/last.safetensors")))
    kept.trainer.say(m.Done("run"))
    kept.models_changed.emit()
    assert training.words.text().startswith("Done: the new model is in use")
    kept.select_model("a")
    assert "begins with" in training.words.text()


def test_that_all_are_out_is_said_until_they_are_back(dialog, kept):
    dialog.clear.click()
    assert dialog.told.text().startswith("All are out")
    assert dialog.told.isVisible()
    kept.tray.undo()
    assert not dialog.told.isVisible()


def test_without_a_drawing_to_train_on_nothing_can_be_trained(dialog, kept):
    kept.tray.clear()
    assert not dialog.training.train.isEnabled()
    assert not dialog.export.isEnabled()


def test_the_copied_line_asks_for_the_same():
    changes = {"extra": "/my data/mine.npz", "extra_share": 0.3, "epochs": 2}
    program, *arguments = shlex.split(of_training_on("/a b.safetensors", changes).line)
    options = parse(arguments)
    assert (program, options.start, options.extra) == ("flipscope", "/a b.safetensors", changes["extra"])
    assert (options.epochs, options.set) == (2, ["extra_share=0.3"])


def test_files_are_asked_for_and_bad_ones_told_here(dialog, kept, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/out", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/in.npz", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/folder")
    dialog.export.click()
    assert kept.inference.last(m.KeepDrawings).path == "/out.npz"
    dialog._import_file()
    assert kept.inference.last(m.ReadDrawings) == m.ReadDrawings("/in.npz")
    dialog._import_folder()
    assert kept.inference.last(m.ReadDrawings) == m.ReadDrawings("/folder")
    kept.inference.say(m.Failed("ReadDrawings", "'/folder' is empty.", "Choose another."))
    assert dialog.told.text() == "⚠ '/folder' is empty. Choose another."
    assert len(kept.tray.drawings) == 6
