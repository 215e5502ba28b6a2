"""The Learn page on a fake trainer: what is shown, when, and what is sent."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from app.link import Death
from app.pages.learn import LearnPage
from app.session import TRAINING, TWIN
from app.theme import tokens
from app.widgets.status import StatusLine
from engine import messages as m
from engine.bits import unpack
from engine.config import RunConfig
from engine.curves import Curves
from tests.app.frames import SHAPES, Trainer


@pytest.fixture
def page(session, qtbot):
    session.visible_page = "learn"
    made = LearnPage(session)
    made.resize(1216, 724)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made._tick.stop()  # the tests say when to draw
    made.bits.view.clock = lambda: 0.0  # and nothing fades
    return made


@pytest.fixture
def trainer(session):
    return Trainer(session.trainer)


def draw(page):
    """All that is due, as the ticks would."""
    page._pictured_at = -1.0
    for _ in range(8):
        page.refresh_due()


def shown_bits(page):
    view = page.bits.view
    return np.array([[view.bit(r, c) > 0 for c in range(view._lens.inputs)] for r in range(view._lens.outputs)])


def test_empty_page_says_what_will_appear(page):
    draw(page)
    for panel in (page.bits.view, page.filters.tiles, page.latent):
        assert "Press Run" in panel.accessibleDescription()
    for panel in (page.loss.plot, page.flips.plot, page.accuracy.plot, page.sign, page.confusion):
        assert "appears here" in panel.accessibleDescription()
    assert "No moments yet" in page.scrubber.text.text()


def test_every_focusable_widget_has_a_name(page, trainer):
    trainer.begin()
    trainer.frame()
    draw(page)
    nameless = [
        w
        for w in page.findChildren(QWidget)
        if w.focusPolicy() != Qt.FocusPolicy.NoFocus
        and w.isVisibleTo(page)
        and not w.accessibleName()
        and not w.objectName().startswith("qt_")
        and not isinstance(w.parent(), QAbstractButton)
    ]
    assert not nameless


def test_page_fits_the_smallest_window_without_clipping(page):
    assert page.minimumSizeHint().width() <= 1216
    assert page.minimumSizeHint().height() <= 724


def test_pictures_follow_frames(page, trainer):
    trainer.begin()
    trainer.frame()
    draw(page)
    assert np.array_equal(shown_bits(page), trainer.bits[0])
    trainer.flip(0, 3, 4)
    trainer.frame()
    draw(page)
    at = page.bits.view.square(3, 4).center().toPoint()
    assert page.bits.view.grab().toImage().pixelColor(at).name().upper() == tokens().flip
    assert page.latent_card.hint.whole == "clipped 12.5 %"
    assert page.sign_card.hint.whole == "−1 47% · +1 53%"


def test_live_pictures_wait_their_turn_but_scrubbing_does_not(page, session, trainer):
    trainer.begin()
    trainer.frame()
    draw(page)
    first = trainer.bits[0]
    trainer.flip(0, 0, 0)
    page._pictured_at = float("inf")
    trainer.frame()
    for _ in range(8):
        page.refresh_due()
    assert np.array_equal(shown_bits(page), first)
    session.scrub(1)
    page.refresh_due()
    assert np.array_equal(shown_bits(page), trainer.bits[0])


def test_scrubbing_shows_old_bits_while_training_goes_on(page, session, trainer):
    trainer.begin()
    old = []
    for column in range(4):
        trainer.flip(0, 1, column)
        trainer.frame()
        session.run.history.flush()
        old.append(trainer.bits[0])
    draw(page)
    page.scrubber.slider.setValue(1)
    draw(page)
    assert np.array_equal(shown_bits(page), old[1])
    assert page.scrubber.text.text() == "showing step 10 · epoch 0.10"
    flipped = page.bits.view._generations[-1]
    assert np.argwhere(unpack(flipped.words, SHAPES[0][1])).tolist() == [[1, 1]]
    trainer.flip(0, 5, 5)
    trainer.frame()
    draw(page)
    assert np.array_equal(shown_bits(page), old[1])
    assert page.scrubber.end.text() == "live is at 25"
    assert page.loss.plot._marker == 10
    page.scrubber.live.click()
    draw(page)
    assert np.array_equal(shown_bits(page), trainer.bits[0])
    assert page.loss.plot._marker is None


def test_confusion_is_that_of_the_moment(page, session, trainer):
    trainer.begin()
    trainer.frame()
    session.run.history.flush()
    trainer.score([[9, 1], [0, 10]])
    trainer.frame()
    trainer.score([[10, 0], [0, 10]])
    draw(page)
    assert page.confusion.describe(0, 1) == "0 taken for 1: 0 of 10"
    session.scrub(0)
    draw(page)
    assert page.confusion.describe(0, 1) == "0 taken for 1: 1 of 10"
    assert page.accuracy.hint.whole == "90.00 %"


def test_layer_tabs_choose_what_is_seen(page, trainer):
    trainer.begin()
    trainer.frame()
    draw(page)
    page.bits._tabs.button(2).click()
    draw(page)
    assert np.array_equal(shown_bits(page), trainer.bits[2])
    assert not page.bits.view._generations or not page.bits.view._generations[-1].words.any()


def test_tabs_of_many_layers_are_numbers(page):
    names = [f"{width}→{width}" for width in range(1, 10)]
    page.bits.set_layers(names)
    assert [button.text() for button in page.bits._tabs.buttons()] == [f"L{number}" for number in range(1, 10)]
    assert page.bits._tabs.button(8).accessibleName() == "Layer 9, 9→9"
    page.bits.set_layers(names[:5])
    assert [button.text() for button in page.bits._tabs.buttons()] == names[:5]


def test_pinning_watches_and_reads(page, session, trainer, qtbot):
    trainer.begin()
    trainer.frame()
    draw(page)
    at = page.bits.view.square(2, 7).center().toPoint()
    qtbot.mouseClick(page.bits.view, Qt.MouseButton.LeftButton, pos=at)
    assert session.trainer.last(m.Watch) == m.Watch(0, 2, 7)
    trainer.frame(watch=((0, 2, 7), -0.083, 4))
    draw(page)
    sign = "+1" if trainer.bits[0][2, 7] else "−1"
    assert page.bits.readout.whole == f"row 2, column 7 · bit {sign}"
    assert page.bits.past.whole == "latent −0.083 · 4 flips since watching"
    assert page.bits.trace.series["latent"].low.size == 5


def test_pinning_a_filter_pins_its_row(page, session, trainer, qtbot):
    trainer.begin()
    trainer.frame()
    draw(page)
    page.bits.choose(1)
    qtbot.mouseClick(page.filters.tiles, Qt.MouseButton.LeftButton, pos=page.filters.tiles.square(5).center().toPoint())
    assert page.bits.layer == 0
    assert page.bits.view.pin_at[0] == 5
    assert session.trainer.last(m.Watch).row == 5


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


def test_a_new_run_starts_with_empty_pictures(page, session, trainer):
    trainer.begin()
    trainer.frame()
    draw(page)
    Trainer(session.trainer, run="run-2").begin()
    draw(page)
    assert page.bits.view._words is None
    assert page.filters.tiles.count == 0
    assert not page.latent.has_data


def test_hidden_page_draws_nothing(page, trainer):
    trainer.begin()
    page.hide()
    assert not page._tick.isActive()
    trainer.frame()
    page.show()
    assert page._tick.isActive()
    page._tick.stop()
    draw(page)
    assert np.array_equal(shown_bits(page), trainer.bits[0])


def test_strip_shows_only_what_was_really_counted(page, session):
    strip = page.strip
    assert "waiting" in strip.detail.text()
    rows = (
        m.BackendScore("float-blas", "float", "CPU", 0.9761, 0.2, 10_000, 10_000),
        m.BackendScore("numpy-xnor", "xnor", "CPU", 0.9761, 0.1, 10_000, 10_000),
    )
    session.evaluations[session.strip_key] = m.Evaluation(
        session.strip_key, 10_000, 1000, rows, np.eye(10, dtype=np.int64), 84_000, 2_600_000
    )
    session.evaluation_changed.emit(session.strip_key)
    assert strip.verdict.text() == "✓ 10,000 of 10,000 predictions identical"
    assert "every score bit for bit" in strip.detail.text()
    assert strip.float_side.accuracy.text() == "97.61 %"
    assert "20.0 µs/image · 2.6 MB" in strip.float_side.figures.text()
    wrong = m.BackendScore("numpy-xnor", "xnor", "CPU", 0.97, 0.1, 9_998, 9_000)
    session.evaluations[session.strip_key] = m.Evaluation(
        session.strip_key, 10_000, 1000, (rows[0], wrong), np.eye(10, dtype=np.int64), 84_000, 2_600_000
    )
    session.evaluation_changed.emit(session.strip_key)
    assert strip.verdict.text() == "✗ 9,998 of 10,000 predictions identical"
    assert strip.verdict.property("role") == "warning"


def test_a_twin_of_other_data_is_not_compared(page, session):
    def info(key, dataset):
        shape, names = (28, 28, 1), tuple("0123456789")
        return m.ModelInfo(key, "packed", "net", "mlp", shape, names, "mnist", dataset, 0.9, (), 1, 1, 32)

    row = m.BackendScore("float-blas", "float", "CPU", 0.99, 0.2, 10, 10)
    evaluation = m.Evaluation(TWIN, 10, 10, (row,), np.eye(10, dtype=np.int64), 84, 2600)
    session.evaluations[TWIN] = evaluation
    session.infos.update({TWIN: info(TWIN, "mnist"), session.strip_key: info(session.strip_key, "mnist")})
    page.strip.refresh()
    assert page.strip.twin_side.accuracy.text() == "99.00 %"
    session.infos[session.strip_key] = info(session.strip_key, "cifar10")
    page.strip.refresh()
    assert page.strip.twin_side.accuracy.text() == "–"
    assert page.strip.twin_side.where.whole == "none of this data set"


def test_unavailable_backend_stays_listed_with_its_reason(page, session):
    session.inference.say(
        m.BackendList(
            (
                m.BackendInfo("float-blas", "float", 1, True, "CPU"),
                m.BackendInfo("numpy-xnor", "xnor", 1, True, "CPU"),
                m.BackendInfo("cupy-xnor", "xnor", 9, False, "", "No CUDA device.", "Install a driver."),
            )
        )
    )
    picker = page.strip.backend
    assert picker.currentData() == "numpy-xnor"
    index = picker.findData("cupy-xnor")
    assert not picker.model().item(index).isEnabled()
    assert picker.itemData(index, Qt.ItemDataRole.ToolTipRole) == "No CUDA device. Install a driver."


def test_the_timeline_goes_where_it_is_pressed(page, session, trainer, qtbot):
    trainer.begin()
    for _ in range(11):
        trainer.frame()
        session.run.history.flush()
    draw(page)
    slider = page.scrubber.slider
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center())
    assert session.playhead == session.run.history.steps()[5]
    draw(page)
    assert slider.value() == 5


def test_nothing_of_the_last_run_is_left_on_the_cards(page, trainer):
    trainer.begin()
    trainer.frame()
    trainer.score(np.eye(10))
    draw(page)
    assert page.loss.hint.whole
    assert page.accuracy.hint.whole
    trainer.run, trainer.step = "run-2", 0
    trainer.begin()
    draw(page)
    assert not page.loss.hint.whole
    assert not page.accuracy.hint.whole


def test_a_step_without_flips_is_drawn_half_a_flip_high(page, session, trainer):
    trainer.begin()
    scalars = m.Scalars(np.arange(1, 3), np.ones(2, np.float32), np.ones(2, np.float32), np.zeros((2, 3), np.float32))
    session.trainer.say(m.Frame("run-1", 1, 2, 0.1, 0.1, scalars, (), None, 10.0, 50.0, 0.01))
    draw(page)
    outputs, inputs = SHAPES[0]
    assert np.allclose(page.flips.plot.series[f"L1 {inputs}→{outputs}"].low, 0.5 / (outputs * inputs))


def test_the_share_at_a_mark_is_written_only_where_its_bar_runs_off_the_top(page, monkeypatch):
    written = []
    monkeypatch.setattr(page.latent, "_draw_mark", lambda *given: written.append(given[-1]))
    for at_the_clip, expected in ((1, None), (450, 0.45)):
        counts = np.zeros(m.BINS, np.int64)
        counts[30:40] = 10
        counts[[5, 58]] = at_the_clip
        page.latent.set_counts(counts)
        page.latent.grab()
        assert written[-2:] == [expected, expected]


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


def test_windows_and_classes_are_those_of_the_run(page, session):
    facts = (("hidden 1", 32, 36), ("output", 3, 32))
    session.trainer.say(
        m.RunStarted("run-1", "/runs/run-1", RunConfig(), facts, 0, 9, 99, "torch", (3, 4, 3), ("cat", "dog", "owl"))
    )
    trainer = Trainer(session.trainer)
    trainer.frame()
    trainer.score([[9, 1, 0], [0, 10, 0], [0, 0, 10]])
    trainer.frame()
    draw(page)
    assert page.filters.tiles._shape == (3, 4, 3)
    assert page.confusion.describe(0, 1) == "cat taken for dog: 1 of 10"


def test_a_run_that_is_opened_again_shows_its_past_and_the_confusion_of_its_save(page, session, trainer):
    curves = Curves(64, (32 * 36, 16 * 32, 160))
    steps = np.arange(1, 41)
    curves.add(m.Scalars(steps, np.ones(40, np.float32), np.ones(40, np.float32), np.full((40, 3), 0.1, np.float32)))
    past = (m.Scored("run-1", 20, 0.2, 4.0, 0.9, 0.3, None, ""), m.Scored("run-1", 40, 0.4, 8.0, 0.95, 0.2, None, ""))
    trainer.step = 40
    trainer.begin()
    session.trainer.say(m.RunPast("run-1", curves.to_arrays(), past), m.RunState("run-1", "paused"))
    trainer.frame(steps=0)
    session.evaluations[TRAINING] = m.Evaluation(TRAINING, 10, 10, (), np.eye(10, dtype=np.int64), 1, 32)
    draw(page)
    assert page.loss.plot.series["train"].x.size == 40
    assert page.accuracy.hint.whole == "95.00 %"
    assert page.confusion.describe(1, 1) == "1 recognised: 1 of 1 (100.0 %)"


def test_kept_runs_and_settings_take_the_place_of_the_run_and_give_it_back(page, session, qtbot):
    page.bar.runs.click()
    assert page.runs.isVisible()
    assert not page._tick.isActive()
    qtbot.keyClick(page.runs.list, Qt.Key.Key_Escape)
    assert page.panels.isVisible()
    page._tick.stop()
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
