"""The network in use, broken while it is drawn for: what is sent, and which answers still stand."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app.pages.draw import DrawPage
from app.session import ModelChoice
from app.theme import tokens
from app.widgets.wear_card import STEPS, rate_at
from engine import messages as m
from engine.bits import pack
from tests.app.pages.drawing import info

IMAGE = np.full((28, 28, 1), 200, np.uint8)


def worn(rate, layer=0, key="a"):
    rng = np.random.default_rng(0)
    weights, broken = (pack(rng.random((512, 784)) < share) for share in (0.5, rate))
    return m.Worn(key, rate, layer, weights, broken, (28, 28, 1), ((round(401_408 * rate), 401_408),))


@pytest.fixture
def loaded(session):
    session.models, session.model_key = [ModelChoice("a", "a", "/a")], "a"
    session.inference.say(m.ModelLoaded(info("a")))
    return session


@pytest.fixture
def page(loaded, qtbot):
    made = DrawPage(loaded).make_whole()
    qtbot.addWidget(made)
    made.resize(1208, 760)
    made.show()
    loaded.inference.say(worn(0.0))
    return made


def test_a_model_is_shown_whole_and_a_rate_breaks_it(loaded):
    assert loaded.inference.last(m.Wear) == m.Wear("a", 0.0, 0)
    loaded.wearing.set_rate(0.01)
    assert loaded.inference.last(m.Wear) == m.Wear("a", 0.01, 0)
    sent = loaded.inference.count(m.Wear)
    loaded.wearing.set_rate(0.01)
    assert loaded.inference.count(m.Wear) == sent


def test_another_model_and_another_worker_are_told_too(loaded):
    loaded.wearing.set_rate(0.01)
    loaded.inference.say(m.ModelLoaded(info("a")))
    assert loaded.inference.sent[-1] == m.Wear("a", 0.01, 0)


def test_only_the_answer_that_still_stands_is_shown(loaded):
    loaded.wearing.set_rate(0.02)
    loaded.inference.say(worn(0.01), worn(0.02, layer=1), worn(0.02, key="b"))
    assert loaded.wearing.worn is None
    loaded.inference.say(worn(0.02))
    assert loaded.wearing.worn.rate == 0.02


def test_a_float_model_has_no_bits_to_break(loaded):
    loaded.inference.say(worn(0.0))
    sent = loaded.inference.count(m.Wear)
    loaded.inference.say(m.ModelLoaded(replace(info("a"), form="float")))
    assert loaded.inference.count(m.Wear) == sent
    assert loaded.wearing.worn is None


def test_the_slider_breaks_and_what_is_drawn_is_read_again(page):
    session = page.session
    page.seen = lambda: IMAGE
    page.panels.weights.slider.setValue(STEPS)
    assert session.inference.last(m.Wear).rate == rate_at(STEPS) == 0.5
    assert session.inference.sent[-1] == session.inference.last(m.Predict)
    assert rate_at(0) == 0.0
    assert rate_at(1) == pytest.approx(1e-6)


def amber(page):
    seen, flip = page.panels.weights.tiles.grab().toImage(), QColor(tokens().flip)
    return sum(seen.pixelColor(x, y) == flip for x in range(0, seen.width(), 2) for y in range(0, seen.height(), 2))


def test_broken_weights_are_amber(page):
    assert amber(page) == 0
    page.session.wearing.set_rate(0.1)
    page.session.inference.say(worn(0.1))
    assert amber(page) > 50
    assert page.panels.weights.told.text() == "10 %"
    assert page.panels.weights.slider.accessibleDescription().startswith("40,141 of 401,408 weight bits are broken")


def test_another_layer_can_be_looked_at(page):
    assert [page.panels.weights.layer.itemText(index) for index in range(3)] == ["layer 1", "layer 2", "layer 3"]
    page.panels.weights.layer.activated.emit(2)
    assert page.session.inference.last(m.Wear).layer == 2
