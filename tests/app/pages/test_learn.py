"""The Learn page on a fake trainer: which bits, curves and scores are drawn, and when."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.session import TRAINING
from app.theme import tokens
from engine import messages as m
from engine.bits import unpack
from engine.config import RunConfig
from engine.curves import Curves
from tests.app.frames import SHAPES, Trainer, draw


@pytest.fixture
def page(learn):
    return learn


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


def test_pictures_wait_their_turn(page, session, trainer):
    trainer.begin()
    trainer.frame()
    draw(page)
    first = trainer.bits[0]
    trainer.flip(0, 0, 0)
    trainer.frame()
    assert np.array_equal(shown_bits(page), first)
    page.drawing.going = True
    session.scrub(1)
    assert np.array_equal(shown_bits(page), trainer.bits[0]), "but not those under the playhead"


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


@pytest.mark.parametrize("when", ["before it is asked for", "while it starts"])
def test_the_playhead_of_the_run_before_is_on_no_plot_of_the_next(page, session, trainer, when):
    trainer.begin()
    for _ in range(4):
        trainer.frame()
    trainer.score(np.eye(10))
    draw(page)
    session.scrub(1)
    session.start_run(RunConfig())
    if when == "while it starts":
        session.scrub(1)
    else:
        assert page.loss.plot._marker is None
    following = Trainer(session.trainer, run="run-2")
    following.begin()
    following.frame()
    draw(page)
    assert session.playhead is None
    assert [plot._marker for plot in (page.loss.plot, page.flips.plot, page.accuracy.plot)] == [None] * 3
    assert page.accuracy.plot._playhead is None
    assert page.scrubber.text.text().startswith("live")


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
    assert not page.drawing.going
    trainer.frame()
    page.show()
    assert page.drawing.going
    page.drawing.rest()
    draw(page)
    assert np.array_equal(shown_bits(page), trainer.bits[0])


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


def test_a_race_is_offered_where_one_can_be_run_and_drawn_beside_it(page, session, trainer, qtbot):
    race = page.accuracy.race
    assert (race.isEnabled(), race.accessibleName()) == (False, "Race plain torch")
    assert "Press Run first" in race.toolTip()
    trainer.begin()
    trainer.frame()
    assert race.isEnabled()
    race.setFocus()
    qtbot.keyClick(race, Qt.Key.Key_Space)
    assert race.accessibleName() == "Stop the race"
    session.jobs.child.say(m.Scored("ghost", 10, 0.1, 3.5, 0.91, 0.3, None, "cpu-xnor"))
    draw(page)
    assert page.accuracy.plot.series["plain torch"].x.tolist() == [3.5]
    race.click()
    assert session.jobs.child is None
    draw(page)
    assert page.accuracy.plot.series["plain torch"].x.size == 1
    trainer.run, trainer.step = "run-2", 0
    trainer.begin()
    draw(page)
    assert page.accuracy.plot.series["plain torch"].x.size == 0
