"""The verification panel on fake children: what it asks for, what it shows and says."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog

from app.labs.verify import VerifyPanel
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
    made = VerifyPanel(session).make_whole()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    return made


def test_before_a_run_the_pictures_are_words(panel):
    assert "Press Run" in panel.digit.accessibleDescription()
    assert "if there is one" in panel.other.accessibleDescription()
    panel.begin(panel.request())
    assert "looked for" in panel.other.accessibleDescription()
    panel.show_result(verdict(status="proved", robust=137, counterexample=None))
    assert "whatever 2 bits change" in panel.other.accessibleDescription()
    panel.begin(panel.request())
    panel.over()
    assert "Press Run" in panel.digit.accessibleDescription()


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
    for order, name in enumerate(("net", "other", "net")):
        panel.show_result(SweepCurve(order % 2, name, 10, np.array([9, 4]), np.array([0, 1])))
        assert panel.plot.series[name].high.tolist() == [90, 40]
    assert list(panel.plot.series) == ["net", "other"]
    assert "robust of 10,net,radius 1,4,1" in panel.csv()
    panel.show_result(SweepCurve(1, "net", 10, np.array([9, 5]), np.array([0, 1])))
    assert panel.plot.series["net again"].high.tolist() == [90, 50]
    panel.grab()


def test_a_sweep_the_other_way_round_calls_both_networks_by_their_names(panel):
    for names in (("net", "other"), ("other", "net"), ("net", "net")):
        panel.begin(panel.request())
        for order, name in enumerate(names):
            panel.show_result(SweepCurve(order, name, 10, np.array([9 - order, 4]), np.array([0, 1])))
        assert list(panel.plot.series) == [names[0], "net again" if names[0] == names[1] else names[1]]
        assert [line.high.tolist() for line in panel.plot.series.values()] == [[90, 40], [80, 40]]


def dropped(kind, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path)])
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = kind(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, modifiers)
    event.data_is_kept = data
    event.ignore()
    return event


def test_a_described_network_is_imported_by_dropping_its_file(panel, session):
    for path, taken in (("/there/mine.toml", True), ("/there/a.NPZ", True), ("/there/model.safetensors", False)):
        event = dropped(QDragEnterEvent, path)
        panel.dragEnterEvent(event)
        assert event.isAccepted() == taken
    panel.dropEvent(dropped(QDropEvent, "/there/mine.toml"))
    request = panel.request()
    assert (request.model, request.imported) == ("", "/there/mine.toml")
    assert panel.options.network.currentText() == "mine.toml, imported"
    session.models_changed.emit()
    assert panel.request().imported == "/there/mine.toml"
    panel.options.network.setCurrentIndex(0)
    assert panel.request().imported == ""


def test_a_described_network_is_chosen_by_its_button(panel, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/there/mine.npz", ""))
    panel.options.file.click()
    assert panel.request().imported == "/there/mine.npz"


def test_a_run_that_fails_leaves_nothing_as_if_it_went_on(panel):
    panel.begin(panel.request())
    panel.show_result(verdict())
    panel.begin(panel.request())
    assert panel._other_card.hint.text() == ""
    assert panel.said.text() == "Under way."
    panel.over()
    assert "Press Run" in panel.said.text()
    assert "Press Run" in panel.counts.accessibleDescription()
