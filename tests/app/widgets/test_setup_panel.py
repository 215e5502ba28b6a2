"""The settings panel on a fake trainer: sections, sliders, recipes, what is fixed, what is at odds, own data."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QToolButton

from app.options import SECTIONS, of_section
from app.widgets.learn_bar import LearnBar
from app.widgets.setup_panel import SetupPanel
from engine import messages as m
from engine import recipes
from engine.config import RunConfig
from tests.app.frames import Trainer


@pytest.fixture
def panel(session, qtbot):
    made = SetupPanel(session)
    for section in reversed(SECTIONS):  # each is made when it is shown first
        made.show_section(section)
    made.resize(510, 600)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def pick(box, value):
    """Choose from a list as a person does."""
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_every_setting_is_in_its_section_with_a_line(panel):
    for section in SECTIONS:
        panel.show_section(section)
        for option in of_section(section):
            row = panel.rows[option.key]
            assert row.line.text() or row.isHidden(), option.key
            assert row.isVisible() == (not row.isHidden())


def test_every_name_fits_its_column(panel):
    names = {option.title for section in SECTIONS for option in of_section(section)}
    labels = [label for row in panel.rows.values() for label in row.findChildren(QLabel) if label.text() in names]
    assert len(labels) >= len(panel.rows)
    assert not [label.text() for label in labels if label.minimumSizeHint().width() > label.width()]


def test_what_means_nothing_is_not_shown(panel):
    panel.show_section("method")
    assert panel.rows["momentum"].isHidden()
    pick(panel.fields["optimizer"], "sgd")
    assert not panel.rows["momentum"].isHidden()
    assert panel.rows["flip_threshold"].isHidden()


def test_a_line_follows_the_choice(panel, session):
    pick(panel.fields["loss"], "squared-hinge")
    assert "margin" in panel.rows["loss"].line.text()
    assert session.draft.config().loss == "squared-hinge"


def test_choices_at_odds_are_explained_and_stop_the_run_until_they_are_mended(panel, session, qtbot):
    bar = LearnBar(session)
    qtbot.addWidget(bar)
    pick(panel.fields["weights"], "stochastic")
    pick(panel.fields["kind"], "float")
    assert "signs to draw" in panel.problem.text()
    assert not bar.run.isEnabled()
    assert not panel.rows["weights"].isHidden()
    said = []
    session.noticed.connect(said.append)
    session.toggle_run()
    assert (len(said), session.trainer.count(m.StartRun)) == (1, 0)
    pick(panel.fields["weights"], "deterministic")
    assert panel.problem.isHidden()
    assert bar.run.isEnabled()


def test_a_run_under_way_holds_what_determines_it(panel, session):
    trainer = Trainer(session.trainer)
    trainer.begin()
    assert not panel.held.isHidden()
    assert not panel.model.isEnabled()
    assert not panel.recipe.box.isEnabled()
    assert "under way" in panel.fields["kind"].toolTip()
    panel.fields["dropout_hidden"].setValue(0.25)
    assert session.trainer.last(m.Tune) == m.Tune("dropout_hidden", 0.25)


def test_a_live_change_that_makes_no_sense_is_told_and_not_sent(panel, session):
    said = []
    session.noticed.connect(said.append)
    trainer = Trainer(session.trainer, RunConfig(kind="float"))
    trainer.begin()
    pick(panel.fields["weights"], "stochastic")
    assert "signs to draw" in said[0].what
    assert session.trainer.last(m.Tune) is None
    assert panel.fields["weights"].currentData() == "deterministic"


def test_bops_knobs_are_at_hand_and_turn_while_it_trains(session, qtbot):
    bar = LearnBar(session)
    qtbot.addWidget(bar)
    bar.show()
    assert not bar.knobs.isVisible()
    session.compose({"optimizer": "bop"})
    assert bar.knobs.isVisible()
    trainer = Trainer(session.trainer, RunConfig(optimizer="bop"))
    trainer.begin()
    slider = bar.fields["flip_threshold"]
    assert slider.value == 1e-6
    slider.slider.setFocus()
    qtbot.keyClick(slider.slider, Qt.Key.Key_PageDown)
    assert session.trainer.last(m.Tune) == m.Tune("flip_threshold", 1e-7)
    assert slider.text.text() == "1e-7"


def test_a_recipe_sets_everything_until_something_is_changed(panel, session):
    recipe = recipes.load("mnist-mlp")
    pick(panel.recipe.box, next(r for r in panel.recipe._recipes if r.name == "mnist-mlp"))
    assert session.draft.config() == recipe.run
    assert panel.recipe.box.currentText() == recipe.title
    assert recipe.about in panel.recipe.line.text()
    panel.fields["epochs"].setValue(3)
    assert panel.recipe.box.currentIndex() == 0


def test_a_number_may_be_left_out(panel, session):
    box = panel.fields["time_limit"]
    assert box.text() == "no limit"
    box.setValue(60)
    assert session.draft.config().time_limit == 60
    assert panel.rows["epochs"].isHidden()
    box.setValue(box.minimum())
    assert session.draft.config().time_limit is None


def test_a_network_by_name_or_from_a_file(panel, session, tmp_path):
    panel.model.box.setEditText("mlp-48×3")
    panel.model._typed()
    assert session.draft.config().model == "mlp-48x3"
    assert panel.rows["model"].line.text() == "3 × 48 – scores"
    path = tmp_path / "mine.toml"
    path.write_text('[[layer]]\nkind = "conv"\noutputs = 8\npool = 2\n\n[[layer]]\nkind = "dense"\noutputs = 9\n')
    panel.model.open_file(str(path))
    assert session.draft.config().model == "mine"
    assert panel.rows["model"].line.text() == "8C3 – MP2 – 9 – scores"
    pick(panel.model.box, "mlp-512x2")
    assert (session.draft.config().model, session.draft.config().layers) == ("mlp-512x2", "")


def test_a_file_that_is_no_network_and_a_name_that_is_none_are_told(panel, session, tmp_path):
    said = []
    session.noticed.connect(said.append)
    path = tmp_path / "bad.toml"
    path.write_text("layer = 3")
    panel.model.open_file(str(path))
    assert "bad.toml" in said[0].what
    panel.model.box.setEditText("gpt")
    panel.model._typed()
    assert "gpt" in panel.problem.text()
    assert session.settings.run.get("model", "mlp-512x2") == "mlp-512x2"


def test_data_of_ones_own_is_offered_again(panel, session, tmp_path, monkeypatch):
    path = tmp_path / "mine.npz"
    np.savez(path, images=np.zeros((10, 4, 4), np.uint8), labels=np.zeros(10, np.int64))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    panel.data._ask_file()
    assert session.draft.config().data == str(path)
    assert session.settings.recent_data == [str(path)]
    assert panel.data.box.currentText() == "mine.npz"
    assert str(path) in panel.rows["data"].line.text()


def test_what_must_be_fetched_is_fetched_with_progress_and_can_be_stopped(panel, session):
    fetch = panel.data.fetch
    assert fetch.isHidden()
    pick(panel.data.box, "cifar10")
    assert "Fetch 170 MB" in fetch.button.text()
    assert "network" in fetch.words.text()
    fetch.button.click()
    assert session.jobs.child.last(m.FetchData) == m.FetchData("cifar10")
    session.jobs.child.say(m.Progress("job", "Fetching CIFAR-10: 20 of 170 MB", 0.12, 60.0))
    assert "20 of 170 MB, 12 %" in fetch.words.text()
    assert (fetch.bar.value(), fetch.button.text()) == (120, "Stop")
    fetch.button.click()
    assert session.jobs.child is None
    assert "Fetch 170 MB" in fetch.button.text()


def test_offline_it_says_what_to_do(panel, session):
    said = []
    session.noticed.connect(said.append)
    pick(panel.data.box, "cifar10")
    panel.data.fetch.button.click()
    session.jobs.child.say(m.Failed("FetchData", "It could not be fetched.", "Put the file there."))
    assert (said[0].page, said[0].remedy) == ("learn", "Put the file there.")
    assert panel.data.fetch.button.isEnabled()


def test_each_setting_has_a_lesson(panel):
    panel.show_section("method")
    row = panel.rows["optimizer"]
    row.findChild(QToolButton).click()
    (dialog,) = panel.findChildren(QDialog)
    words = " ".join(label.text() for label in dialog.findChildren(type(row.line)))
    assert "latent weights" in words
    assert "Bop" in words
    dialog.reject()


def test_escape_goes_back(panel, qtbot):
    with qtbot.waitSignal(panel.left):
        qtbot.keyClick(panel, Qt.Key.Key_Escape)
