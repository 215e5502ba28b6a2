"""Pictures on the Draw page: prepared for the model in use, and again for another."""

import numpy as np
import pytest

from app.session import ModelChoice
from engine import messages as m
from tests.app.pages.drawing import KEY, asked, draw, draw_page, info, settle


@pytest.fixture
def page(session, qtbot):
    return draw_page(session, qtbot)


def stroke(page):
    """Answer that a picture of a stroke was prepared."""
    image, picture = np.zeros((28, 28, 1), np.uint8), np.zeros((60, 40), np.uint8)
    image[10:18, 13] = 200
    picture[20:40, 18:22] = 255
    page.session.inference.say(m.Prepared(1, image, picture, False))
    return image


def test_opened_picture_is_predicted_as_it_was_prepared_until_it_is_drawn_on(page):
    image = stroke(page)
    assert np.array_equal(asked(page).image, image)
    settle(page)
    draw(page, (50, 50), (200, 60))
    settle(page)
    assert not np.array_equal(asked(page).image, image)
    page.bar.undo.click()
    page.bar.undo.click()
    assert page.seen() is None


def opened(page, shape, preparation):
    """Answer as the worker does that a picture was prepared for such models."""
    ask = page.session.inference.last(m.Prepare)
    image, picture = np.full(shape, 200, np.uint8), np.zeros((60, 40), np.uint8)
    fits = preparation, shape
    page.session.inference.say(m.Prepared(ask.request, image, picture, False, ask.path, ask.again, fits))
    return image


def test_a_picture_is_prepared_anew_for_a_model_of_another_input(page):
    page.session.models.append(ModelChoice("bits", "bits", "/bits"))
    page.session.open_picture("/digit.png")
    first = opened(page, (28, 28, 1), "mnist")
    settle(page)
    page.session.select_model("bits")
    assert np.array_equal(page.seen(), first), "until the other model is there, what was seen"
    page.session.inference.say(m.ModelLoaded(info("bits", input_shape=(10, 10, 1), preparation="bits")))
    again = page.session.inference.last(m.Prepare)
    assert (again.path, again.key, again.again) == ("/digit.png", "bits", True)
    assert page.seen() is None
    settle(page, key="bits")
    small = opened(page, (10, 10, 1), "bits")
    assert np.array_equal(asked(page).image, small)
    assert page.canvas.undo_stack.count() == 1
    settle(page, key="bits")
    draw(page, (50, 50), (200, 60))
    page.session.select_model(KEY)
    page.bar.undo.click()
    assert page.session.inference.last(m.Prepare).key == KEY
    assert np.array_equal(opened(page, (28, 28, 1), "mnist"), page.seen())


def test_a_picture_that_comes_back_by_undo_is_prepared_anew(page):
    page.session.models.append(ModelChoice("bits", "bits", "/bits"))
    page.session.open_picture("/digit.png")
    opened(page, (28, 28, 1), "mnist")
    settle(page)
    page.session.select_model("bits")
    page.session.inference.say(m.ModelLoaded(info("bits", input_shape=(10, 10, 1), preparation="bits")))
    settle(page, key="bits")
    page.canvas.clear()
    opened(page, (10, 10, 1), "bits")  # too late for what was on the canvas
    before = page.session.inference.count(m.Prepare)
    page.bar.undo.click()
    assert page.session.inference.count(m.Prepare) == before + 1
    assert np.array_equal(opened(page, (10, 10, 1), "bits"), page.seen())


def test_a_picture_that_is_gone_is_asked_for_once(page):
    page.session.open_picture("/digit.png")
    opened(page, (28, 28, 1), "mnist")
    page.session.inference.say(m.ModelLoaded(info(input_shape=(10, 10, 1), preparation="bits")))
    page.session.inference.say(m.Failed("Prepare", "There is no file.", ""))
    before = page.session.inference.count(m.Prepare)
    page.ask()
    assert page.session.inference.count(m.Prepare) == before
    assert page.seen() is None


def test_blank_picture_is_said_inline(page, qtbot):
    with qtbot.waitSignal(page.session.noticed) as said:
        page.session.inference.say(m.Prepared(1, np.zeros((28, 28, 1), np.uint8), np.zeros((9, 9), np.uint8), True))
    assert said.args[0].page == "draw"
    assert page.seen() is None


def test_a_picture_is_kept_as_the_network_sees_it(page):
    image = stroke(page)
    page.tray.keep(1)
    assert np.array_equal(page.session.tray.drawings[0].image, image[..., 0])
