"""What the Learn page says of a run: why it rests or was lost, and in the words of its method."""

import pytest
from PySide6.QtWidgets import QLabel

from app.link import Death
from app.widgets.status import StatusLine
from engine import messages as m
from engine.config import RunConfig
from tests.app.frames import Trainer, draw


@pytest.fixture
def page(learn):
    return learn


def test_lost_trainer_offers_to_resume(page, session, trainer):
    trainer.begin()
    session.trainer.say(m.Saved("run-1", 50, 0.5, "/runs/run-1/last.safetensors"))
    session.trainer.died.emit(Death("torch", -9, "killed"))
    bar = page.notices.bars[0]
    assert "signal 9" in bar.what.text()
    bar.action.click()
    assert session.trainer.last(m.ContinueRun).path == "/runs/run-1/last.safetensors"
    assert not page.notices.bars


def test_a_loss_that_is_not_a_number_is_told_on_the_page(page, session, trainer):
    trainer.begin()
    session.trainer.say(m.RunState("run-1", "paused", "The loss is not a number since step 12, first in layer 2."))
    assert "layer 2" in page.notices.bars[0].what.text()


def test_a_save_that_the_disk_refuses_is_told_until_there_is_one(page, session, trainer, qtbot):
    trainer.begin()
    status = StatusLine(session)
    qtbot.addWidget(status)
    status.show()
    refused = m.NotSaved("run-1", "The disk is full.", "Free some space.")
    with qtbot.waitSignal(session.noticed):
        session.trainer.say(m.RunState("run-1", "running"), m.Saved("run-1", 50, 0.5, "/last"), refused)
    (bar,) = page.notices.bars
    assert bar.what.text() == "⚠ The disk is full. Training goes on, and saving is tried again."
    qtbot.waitUntil(lambda: "⚠ Not saved since step 50" in spoken(status))
    with qtbot.assertNotEmitted(session.noticed):
        session.trainer.say(refused)
    session.trainer.say(m.Saved("run-1", 80, 0.8, "/last"))
    assert not page.notices.bars
    qtbot.waitUntil(lambda: "Saved at step 80 · just now" in spoken(status))


def spoken(widget):
    return [label.text() for label in widget.findChildren(QLabel)]


def test_why_a_run_rests_is_said_as_the_trainer_says_it_until_it_goes_on(page, session, trainer):
    trainer.begin()
    session.trainer.say(m.RunState("run-1", "paused", "No space left. Free some space on the disk."))
    (bar,) = page.notices.bars
    assert (bar.notice.what, bar.notice.remedy) == ("No space left. Free some space on the disk.", "")
    session.trainer.say(m.RunState("run-1", "running"))
    assert not page.notices.bars


def test_a_float_run_is_not_told_in_the_words_of_a_binary_one(page, session):
    trainer = Trainer(session.trainer, RunConfig(kind="float"))
    trainer.begin()
    trainer.frame()
    draw(page)
    assert page.bits.title.text() == "Signs of the weights"
    assert page.latent_card.hint.whole == "beyond ±1 12.5 %"
    trainer.config, trainer.run = RunConfig(), "run-2"
    trainer.begin()
    assert page.bits.title.text() == "Weight bits"


def test_bops_run_is_told_in_its_own_words(page, session):
    trainer = Trainer(session.trainer, RunConfig(optimizer="bop"))
    trainer.begin()
    trainer.frame()
    draw(page)
    assert page.latent_card.title.text() == "Momentum, −m/τ"
    assert page.latent_card.hint.whole == "|m| > τ 12.5 %"
    assert page.bits.trace.y_axis.name == "−m/τ"
