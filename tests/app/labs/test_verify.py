"""The verification panel on fake children: what it asks for, what it shows and says."""

import numpy as np
import pytest

from app.labs.verify import LINES, VerifyPanel
from engine.errors import BadInput
from engine.labs.verify import Explanation, SweepCurve, Verdict

CENTRE = np.eye(4, dtype=bool)
CHANGED = CENTRE ^ (np.arange(16).reshape(4, 4) == 6)


def verdict(**changes):
    made = {
        "model": "net", "class_names": ("0", "1"), "centre": CENTRE, "radius": 2, "status": "refuted", "label": "0",
        "region_size": 137, "robust": 130, "per_class": (130, 7), "counterexample": CHANGED, "counterclass": "1",
        "engine": "bdd", "why": "So.", "nodes": 1234, "library": "CUDD", "seconds": 0.5, "note": "",
    }  # fmt: skip
    return Verdict(**made | changes)


@pytest.fixture
def panel(session, qtbot):
    made = VerifyPanel(session)
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    return made


def test_a_network_made_for_it_is_asked_about_by_default(panel):
    request = panel.request()
    assert request.model.endswith("verify-100-50-10.safetensors")
    assert request.other.endswith("verify-100-100-50-10.safetensors")
    assert (request.index, request.radius, request.engine, request.image) == (3, 2, "auto", None)


def test_the_digit_on_the_canvas_can_be_asked_about(panel, session):
    panel.options.about.setCurrentIndex(1)
    with pytest.raises(BadInput, match="canvas"):
        panel.request()
    image = np.zeros((28, 28, 1), np.uint8)
    session.predict(image)
    assert panel.request().image is image
    assert panel.request().index is None
    assert not panel.options.index.isEnabled()


def test_a_verdict_is_said_and_drawn(panel, qtbot):
    panel.begin(panel.request())
    with qtbot.waitSignal(panel.found) as said:
        panel.show_result(verdict())
    assert "7 of 137 inputs" in said.args[0]
    assert "1,234 nodes" in panel.said.text()
    assert "1 changed" in panel.other.accessibleDescription()
    assert panel.counts.accessibleDescription() == "0: 130, 1: 7"
    assert "class,net,1,7," in panel.csv()
    panel.grab()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "proved", "robust": 137, "per_class": None, "counterexample": None, "engine": "sat"}, "Proved"),
        ({"robust": None, "per_class": None, "engine": "sat"}, "at least one"),
        ({"status": "out of budget", "per_class": None, "counterexample": None, "note": "Spent."}, "Out of budget"),
    ],
)
def test_what_was_not_counted_is_not_made_up(panel, changes, words):
    panel.begin(panel.request())
    panel.show_result(verdict(**changes))
    assert words in panel.said.text()
    assert panel.counts.accessibleDescription() in ("SAT does not count.", "Spent.")
    panel.grab()


def test_explanation_and_sweep(panel):
    panel.begin(panel.request())
    panel.show_result(verdict())
    panel.show_result(Explanation(2, np.array([0, 5, 6]), True, np.array([6]), 0.1, ""))
    assert "3 marked" in panel.digit.accessibleDescription()
    for order in (0, 1):
        panel.show_result(SweepCurve(order, "net", 10, np.array([9, 4]), np.array([0, 1])))
        assert panel.plot.series[LINES[order]].high.tolist() == [90, 40]
    assert "robust of 10,net,radius 1,4,1" in panel.csv()
    panel.grab()
