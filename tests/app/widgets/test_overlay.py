"""Runs over each other: differences on hover, letters at the ends, dashes that differ, what a picture holds."""

import numpy as np
import pytest
from PySide6.QtGui import QImage

from app.widgets.axes import Axis
from app.widgets.overlay import DASHES, LETTERS, MARKS, Compared, accuracy_plot, curves_of, flips_plot
from app.widgets.overlay_card import OverlayCard
from tests.app.kept import trace


@pytest.fixture
def card(qtbot):
    made = OverlayCard()
    made.resize(620, 420)
    qtbot.addWidget(made)
    made.show_runs(
        [Compared(0, "Adam", trace((0.90, 0.95))), Compared(1, "Bop", trace((0.92, 0.94, 0.96), (10, 20, 30)))]
    )
    return made


def texts(plot, x):
    return [text for text, _ in plot.reading(x)]


def test_a_reading_tells_every_run_and_its_difference_from_the_first(card):
    assert texts(card.plots["accuracy"], 2.1) == ["epoch 2", "A 95 %", "B 94 %  −1.0"]
    assert texts(card.plots["accuracy"], 0.0)[1:] == ["A 90 %", "B 92 %  +2.0"]


def test_a_run_is_not_read_beyond_its_end(qtbot):
    plot = accuracy_plot()
    qtbot.addWidget(plot)
    curves = {"A": (np.array([1.0, 2.0, 3.0]), np.array([90.0, 91.0, 92.0])), "B": (np.array([1.0]), np.array([93.0]))}
    plot.show_curves(curves, Axis("epoch"))
    assert texts(plot, 3.0)[1:] == ["A 92 %", "B –"]


@pytest.mark.parametrize(("span", "last"), [("step", 30.0), ("epoch", 3.0), ("second", 6.0)])
def test_the_same_run_over_steps_epochs_and_seconds(span, last):
    runs = [Compared(2, "Bop", trace((0.92, 0.94, 0.96), (10, 20, 30)))]
    for measure in ("accuracy", "loss", "flips"):
        x, y = curves_of(runs, measure, span)["C"]
        assert x[-1] == pytest.approx(last)
        assert x.shape == y.shape


def test_runs_are_told_apart_without_colour(qtbot):
    assert len(LETTERS) == len(set(LETTERS)) == len(DASHES) == len(MARKS) == len(set(MARKS))
    plot = flips_plot()
    qtbot.addWidget(plot)
    plot.resize(400, 200)
    same = {letter: (np.array([1.0, 2.0]), np.array([0.1, 0.2])) for letter in "ABC"}
    plot.show_curves(same, Axis("epoch"))
    places = [spot for _, spot in plot._ends()]
    assert len({round(spot.y()) for spot in places}) == 3


def test_the_card_changes_measure_says_what_is_missing_and_saves_a_picture(card, tmp_path):
    without = trace()
    without = type(without)(without.steps[:0], without.loss[:0], without.flips[:0], without.scores, without.now)
    card.show_runs([Compared(0, "Adam", trace()), Compared(1, "Old", without)])
    card.measure.button("flips").click()
    assert card.without.whole == "no curve was kept of Old"
    assert card.plots["flips"].series["A"].x.size
    assert not card.plots["flips"].series["B"].x.size
    assert "A Adam: 95.00 %" in card.plots["flips"].accessibleDescription()
    assert card.save_picture(str(tmp_path / "runs.png"))
    assert QImage(str(tmp_path / "runs.png")).width() > 300


def test_nothing_compared_says_how_to_begin(qtbot):
    card = OverlayCard()
    qtbot.addWidget(card)
    assert "Tick runs" in card.plots["accuracy"]._empty
    assert not card.save.isEnabled()
    card.grab()
