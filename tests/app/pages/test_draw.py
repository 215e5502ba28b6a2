"""The Draw page on fake children: what it asks, and what it shows of the answers."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.session import ModelChoice
from engine import messages as m
from engine.bits import pack
from tests.app.pages.drawing import BACKENDS, KEY, LEFT, answer, asked, draw, draw_page, info, settle


@pytest.fixture
def page(session, qtbot):
    return draw_page(session, qtbot)


def test_empty_canvas_is_no_digit(page):
    assert page.seen() is None
    assert asked(page) is None
    assert page.votes.hint.whole == "no digit"
    assert all(row.answer.text() == "–" for row in page.votes.rows.values())


def test_every_movement_asks_for_the_latest(page):
    QTest.mousePress(page.canvas, LEFT, pos=page.canvas.rect().center())
    first = asked(page)
    assert first.image.shape == (28, 28, 1)
    assert first.image.max() == 255
    QTest.mouseMove(page.canvas, page.canvas.rect().center() + QPoint(0, 90))
    assert asked(page) is first, "one is in flight"
    page.session.inference.say(answer(first.request))
    assert not np.array_equal(asked(page).image, first.image)


def test_the_slow_ones_are_asked_when_the_pen_is_lifted(page):
    QTest.mousePress(page.canvas, LEFT, pos=page.canvas.rect().center())
    assert asked(page).passing
    page.session.inference.say(answer(asked(page).request))
    QTest.mouseMove(page.canvas, page.canvas.rect().center() + QPoint(0, 90))
    QTest.mouseRelease(page.canvas, LEFT, pos=page.canvas.rect().center() + QPoint(0, 90))
    page.session.inference.say(answer(asked(page).request))
    assert not asked(page).passing


def test_votes_scores_and_bits_are_shown(page):
    draw(page, (100, 100), (200, 200))
    settle(page)
    for name in ("float-blas", "numpy-xnor"):
        assert page.votes.rows[name].answer.text() == "7"
    assert page.votes.rows["numpy-xnor"].time.text() == "30.0 µs"
    assert page.votes.verdict.text() == "✓ same scores from every backend, bit for bit"
    assert page.chart.exact(7) == "7: 1.25"
    assert "35 of them +1" in page.panels.layers[0].tiles.accessibleDescription()
    assert "+1: 50.0 %" in page.panels.layers[1].sums.accessibleDescription()


def test_values_are_shown_in_place_of_sums_where_the_signs_are_theirs(page):
    draw(page, (100, 100), (200, 200))
    settle(page)
    sums = np.arange(70, dtype=np.int32) - 35
    value = (sums + 20.5).astype(np.float32)
    shown = page.panels.layers[0]
    shown.show_signs(m.LayerSigns(sums, pack(value >= 0), 70, value))
    assert shown.sums.accessibleDescription() == "Values before the sign. −1: 21.4 %   +1: 78.6 %"
    assert shown.describe(15) == "neuron 15: sum −20, value +0.5 → +1"
    shown.show_signs(None)
    assert "%" not in shown.sums.accessibleDescription()


def test_every_square_has_the_colour_of_its_bit(page):
    draw(page, (100, 100), (200, 200))
    settle(page)
    tiles = page.panels.layers[0].tiles
    where, columns, side = tiles.layout_of()
    seen = tiles.grab().toImage()
    for index in range(70):
        row, column = divmod(index, columns)
        color = seen.pixelColor(where.left() + column * side + side // 2, where.top() + row * side + side // 2)
        assert (color.lightness() > 127) == (index >= 35), index


def test_identical_is_not_claimed_when_it_is_not_so(page):
    draw(page, (100, 100), (200, 200))
    settle(page, identical=False)
    assert "✓" not in page.votes.verdict.text()
    assert "differ" in page.votes.verdict.text()


def test_every_backend_is_claimed_only_where_all_that_can_have_answered(page):
    page.session.inference.say(m.BackendList((*BACKENDS, m.BackendInfo("naive", "oracle", 0, True, "CPU"))))
    draw(page, (100, 100), (200, 200))
    whole = answer(asked(page).request)
    page.session.inference.say(whole)
    assert page.votes.verdict.text() == "✓ same scores so far, bit for bit"
    said = m.Vote("naive", "oracle", "CPU", whole.votes[0].scores, 1e-2)
    page.session.inference.say(replace(whole, request=asked(page).request, votes=(*whole.votes, said)))
    assert page.votes.verdict.text() == "✓ same scores from every backend, bit for bit"


def test_one_answer_is_no_proof(page):
    draw(page, (100, 100), (200, 200))
    whole = answer(asked(page).request)
    page.session.inference.say(m.Prediction(whole.request, KEY, whole.votes[:1], whole.layers, True))
    assert page.votes.verdict.text() == ""


def test_the_slow_ones_may_answer_later(page):
    draw(page, (100, 100), (200, 200))
    whole = answer(asked(page).request, identical=False)
    page.session.inference.say(replace(whole, votes=whole.votes[:1], identical=True, complete=False))
    assert page.votes.rows["float-blas"].answer.text() == "7"
    assert (page.votes.rows["numpy-xnor"].answer.text(), page.votes.verdict.text()) == ("–", "")
    assert page.panels.layers[0].signs is not None
    page.session.inference.say(whole)
    assert page.votes.rows["numpy-xnor"].answer.text() == "2"
    assert "differ" in page.votes.verdict.text()


def test_an_answer_counts_once_though_it_comes_in_two_parts(page, session):
    draw(page, (100, 100), (200, 200))
    whole = answer(asked(page).request)
    counted = []
    page.clock.answered = lambda: counted.append(True)
    session.model_key = "another"  # chosen meanwhile: the answer is to a question that no longer stands
    session.prediction.emit(replace(whole, complete=False))
    session.prediction.emit(whole)
    assert counted == [True]


def test_what_is_drawn_meanwhile_waits_for_the_slow_ones(page):
    draw(page, (100, 100), (200, 200))
    first = asked(page).request
    draw(page, (50, 100), (60, 200))
    whole = answer(first)
    page.session.inference.say(replace(whole, votes=whole.votes[:1], complete=False))
    assert asked(page).request == first
    page.session.inference.say(whole)
    assert asked(page).request == first + 1


def test_unavailable_backend_stays_with_reason_and_remedy(page):
    row = page.votes.rows["cupy-xnor"]
    draw(page, (100, 100), (200, 200))
    settle(page)
    assert row.answer.text() == "–"
    assert row.why.isVisible()
    assert row.why.toolTip() == "No CUDA device was found. Install a driver."
    assert row.reason.text().startswith("No CUDA")


def test_backend_in_use_is_emphasised_and_can_be_chosen(page):
    assert [name for name, row in page.votes.rows.items() if row.active] == ["numpy-xnor"]
    QTest.mouseClick(page.votes.rows["float-blas"], LEFT)
    assert page.session.mode == "float"
    assert [name for name, row in page.votes.rows.items() if row.active] == ["float-blas"]
    assert page.bar.mode.current == "float"


def test_clearing_and_undoing_ask_again(page):
    draw(page, (100, 100), (200, 200))
    settle(page)
    page.bar.clear.click()
    assert page.votes.hint.whole == "no digit"
    before = page.session.inference.count(m.Predict)
    page.bar.undo.click()
    assert page.session.inference.count(m.Predict) == before + 1


def test_refreshed_network_is_asked_again(page):
    draw(page, (100, 100), (200, 200))
    settle(page)
    before = page.session.inference.count(m.Predict)
    page.session.inference.say(m.ModelLoaded(info(accuracy=0.99)))
    assert page.session.inference.count(m.Predict) == before + 1


def test_layers_follow_the_model_whatever_its_shape(page):
    page.session.inference.say(m.ModelLoaded(info(hidden=(4096, 4096, 512), classes=26)))
    assert [card.hint.whole for card in page.panels.layers] == ["4,096 bits", "4,096 bits", "512 bits"]
    page.session.inference.say(m.ModelLoaded(info(hidden=(), classes=3, input_shape=(8, 9, 3), preparation="none")))
    assert page.panels.layers == []
    draw(page, (100, 100), (200, 200))
    assert page.seen() is None, "what the canvas makes does not fit this model"


def test_an_open_list_of_models_keeps_its_place(page):
    page.session.models = [ModelChoice(KEY, "one", KEY), *(ModelChoice(f"/{n}", f"m{n}", f"/{n}") for n in range(4))]
    page.session.models_changed.emit()
    models = page.bar.models
    models.showPopup()
    for _ in range(3):
        QTest.keyClick(models.view(), Qt.Key.Key_Down)
    page.session.infos[KEY] = info(accuracy=0.99)
    page.session.models_changed.emit()
    assert models.itemText(0) == "one · 99.0 %"
    assert models.view().currentIndex().row() == 3
    QTest.keyClick(models.view(), Qt.Key.Key_Return)
    assert page.session.model_key == "/2"


def test_an_open_list_of_models_is_shut_where_one_is_added(page):
    models = page.bar.models
    models.showPopup()
    page.session.models.append(ModelChoice("/new", "new", "/new"))
    page.session.models_changed.emit()
    assert not models.view().isVisible()
    assert models.findData("/new") == 1


def test_watch_starts_a_run_and_asks_for_the_page(page, qtbot):
    with qtbot.waitSignal(page.watch_asked):
        page.bar.watch.click()
    assert page.session.trainer.last(m.StartRun) is not None
    page.bar.watch.click()
    assert page.session.trainer.count(m.StartRun) == 1


def test_pen_to_prediction_is_measured_once_it_is_painted(page, qtbot):
    draw(page, (100, 100), (200, 200))
    settle(page)
    qtbot.waitUntil(lambda: bool(page.clock.seconds))
    assert page.clock.typical > 0
    assert page.panels.readout.text().startswith("pen to prediction")


def test_everything_that_takes_the_focus_has_a_name(page):
    for child in page.findChildren(QWidget):
        if child.focusPolicy() != Qt.FocusPolicy.NoFocus and child.isVisibleTo(page):
            assert child.accessibleName() or child.focusProxy(), child


def test_a_digits_key_keeps_the_drawing_and_clears_the_canvas(page):
    draw(page, (100, 100), (200, 200))
    drawn = page.seen()
    QTest.keyClick(page.canvas, Qt.Key.Key_7)
    (kept,) = page.session.tray.drawings
    assert kept.label == 7
    assert np.array_equal(kept.image, drawn[..., 0])
    assert page.canvas.drawing.empty
    page.bar.undo.click()
    assert not page.canvas.drawing.empty
    QTest.mouseClick(page.tray.keys[3], LEFT)
    assert [one.label for one in page.session.tray.drawings] == [7, 3]


def test_a_digits_key_keeps_a_first_stroke_that_is_still_drawn(page):
    QTest.mousePress(page.canvas, LEFT, pos=page.canvas.rect().center())
    settle(page)
    QTest.keyClick(page.canvas, Qt.Key.Key_1)
    assert [one.label for one in page.session.tray.drawings] == [1]
    assert page.seen() is None
    assert page.votes.hint.whole == "no digit"


def test_an_empty_canvas_is_not_kept(page):
    QTest.keyClick(page.canvas, Qt.Key.Key_7)
    assert page.session.tray.drawings == ()
    assert page.tray.told.text() == "draw a digit first"
