"""The bar of the Learn page: what can be pressed and set, what is sent, and what takes the place of the run."""

import pytest
from PySide6.QtCore import Qt

from app.options import SECTIONS
from engine import messages as m


@pytest.fixture
def page(learn):
    return learn


def test_run_button_starts_pauses_resumes(page, session, trainer):
    page.bar.run.click()
    assert session.trainer.last(m.StartRun) is not None
    trainer.begin()
    trainer.frame()
    assert page.bar.run.text() == "❚❚ Pause"
    page.bar.run.click()
    assert session.trainer.last(m.Pause) == m.Pause("run")
    assert page.bar.run.text() == "▶ Resume"
    page.bar.run.click()
    assert session.trainer.last(m.Resume) == m.Resume("run")


def test_what_cannot_change_live_is_disabled_and_says_why(page, trainer, session):
    for section in SECTIONS:  # each is made when it is shown first
        page.setup.show_section(section)
    fields = page.setup.fields
    assert fields["model"].isEnabled()
    trainer.begin()
    for key in ("model", "kind", "output", "seed"):
        assert not fields[key].isEnabled()
        assert "under way" in fields[key].toolTip()
    for key in ("learning_rate", "batch_size", "epochs", "loss", "schedule", "weights", "activations"):
        assert fields[key].isEnabled()
    fields["learning_rate"].setValue(0.002)
    assert session.trainer.last(m.Tune) == m.Tune("learning_rate", 0.002)


def test_learning_rate_steps_evenly_on_a_log_scale(page):
    spin = page.bar.fields["learning_rate"]
    spin.setValue(0.01)
    spin.stepBy(1)
    assert spin.value() == pytest.approx(0.013)
    spin.stepBy(-11)
    assert spin.value() == pytest.approx(0.001, rel=0.1)
    assert spin.text() == f"lr {spin.value():.3g}"


def test_a_changed_field_is_what_the_next_run_trains_with(page, session):
    page.bar.fields["epochs"].setValue(7)
    page.bar.run.click()
    assert session.trainer.last(m.StartRun).config.epochs == 7


def test_mode_switch(page, session):
    page.bar.mode.button("float").click()
    assert session.mode == "float"
    session.set_mode("xnor")
    assert page.bar.mode.current == "xnor"


def test_kept_runs_and_settings_take_the_place_of_the_run_and_give_it_back(page, session, qtbot):
    page.bar.runs.click()
    assert page.runs.isVisible()
    assert not page.drawing.going
    qtbot.keyClick(page.runs.list, Qt.Key.Key_Escape)
    assert page.panels.isVisible()
    page.drawing.rest()
    page.bar.sections["network"].click()
    assert page.setup.tabs.current == "network"
    page.setup.tabs.button("method").click()
    assert [key for key, button in page.bar.sections.items() if button.isChecked()] == ["method"]
    qtbot.keyClick(page.setup, Qt.Key.Key_Escape)
    assert not page.setup.isVisible()
    assert not page.bar.sections["method"].isChecked()
    assert page.bar.sections["data"].whole == "MNIST"
    session.compose({"data": "cifar10", "model": "convnet-half"})
    assert [button.whole for button in page.bar.sections.values()] == ["CIFAR-10", "convnet-half", "Adam"]
