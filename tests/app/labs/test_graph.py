"""The graph panel on fake children: what it asks for, what it shows and says, looking about, and choosing nodes."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from app.labs.graph import GraphPanel
from app.theme import theme
from app.widgets.graph_marks import COLORS, SHAPES, kinds
from app.widgets.graph_options import CLASSES
from app.widgets.graph_scene import class_color
from engine.bits import pack
from engine.datasets.fetched import NotFetched
from engine.labs.graph import (
    PARTS,
    GraphCosts,
    GraphEpoch,
    GraphLength,
    GraphPlaces,
    GraphRetrieval,
    GraphSeed,
    GraphShape,
    RunGraph,
)

PLACES = np.array([[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9], [0.0, 0.0]], np.float32)
SHAPE = GraphShape(
    "five",
    7,
    np.array([[0, 1, 2, 0], [1, 2, 3, 4]], np.int32),
    np.array([0, 1, 1, 0, -1], np.int16),
    np.array([1, 3, 3, 2, 0], np.int8),
    ("a", "b"),
)
CODE = pack(np.array([[0, 0, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 0, 0]], bool))


def epoch(series="network", read=(0, 1, 0, 0, 1), **changes):
    binary = CODE if series == "network" else None
    made = {"epoch": 10, "epochs": 20, "loss": 1.0, "accuracies": {"training": 1.0, "test": 0.5}, "final": False}
    return GraphEpoch(series=series, predictions=np.array(read, np.int16), code=binary, **made | changes)


@pytest.fixture
def panel(session, qtbot, monkeypatch, tmp_path):
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path))
    made = GraphPanel(session).make_whole()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    made.begin(RunGraph(bits=3, seeds=1))
    return made


def grown(panel):
    for result in (SHAPE, GraphPlaces(PLACES, True), epoch(), epoch("twin", (0, 1, 1, 0, 1))):
        panel.show_result(result)
    return panel.maps.maps["network"]


def test_the_club_is_asked_about_by_default_and_what_is_not_there_is_to_be_fetched(panel):
    assert panel.request() == RunGraph("karate", "bi-gcn", 64, 3)
    assert panel.request().layout
    assert not panel.options.fetch.isVisible()
    panel.options.graph.setCurrentIndex(panel.options.graph.findData("cora"))
    with pytest.raises(NotFetched, match="data fetch cora"):
        panel.request()
    assert panel.options.fetch.isVisible()
    panel.options.open_graph("/there/mine.npz")
    panel.options.lengths.setChecked(True)
    assert panel.request().data == "/there/mine.npz"
    assert panel.request().lengths[0] == 2


def test_marks_tell_wrong_and_learned_from_by_their_shape():
    read = np.array([0, 1, 0, 0, 1])
    found = kinds(read, SHAPE.labels, SHAPE.part == PARTS.index("training"), read)
    assert [SHAPES[one // COLORS] for one in found] == ["training", "right", "wrong", "right", "unknown"]
    assert (found % COLORS).tolist() == read.tolist()


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_nodes_are_drawn_where_they_are_in_the_colour_of_what_is_read(panel, choice):
    theme().choose(choice)
    drawn = grown(panel)
    picture = drawn.grab().toImage()
    at = drawn.positions()[3]
    assert picture.pixelColor(round(at[0]), round(at[1])) == class_color(0, theme().tokens)
    panel.options.colors.chosen.emit(CLASSES)
    panel.grab()
    assert "1 are read wrong" in drawn.accessibleDescription()
    assert drawn._describe(2) == "node 2: b, read as a"
    assert "0 are read wrong" in panel.maps.maps["twin"].accessibleDescription()
    theme().choose("dark")


def test_colours_before_training_are_said_to_be_the_classes(panel):
    panel.show_result(SHAPE)
    hints = {series: panel.maps._cards[series].hint.whole for series in ("network", "twin")}
    assert set(hints.values()) == {"not trained yet: coloured by class"}
    panel.show_result(epoch())
    assert "50.0 % of the test nodes right" in panel.maps._cards["network"].hint.whole


def test_a_click_shows_a_node_its_neighbours_and_its_nearest_codes(panel):
    drawn = grown(panel)
    x, y = drawn.positions()[0]
    QTest.mouseClick(drawn, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    assert panel.node.hint.text() == "number 0"
    assert panel.maps.scene.chosen == 0
    assert panel.maps.scene.neighbours(0).tolist() == [1, 4]
    assert panel.maps.scene.nearest.tolist() == [3, 1, 4, 2]  # by 0, 1, 1 and 3 bits
    panel.grab()
    panel.node.asked.emit(2)
    assert panel.maps.scene.chosen == 2
    panel.show_result(epoch(read=(0, 1, 1, 0, 1), final=True))
    assert panel.maps.scene.chosen == 2
    QTest.keyClick(drawn, Qt.Key.Key_PageDown)
    assert panel.maps.scene.chosen == 3


def test_both_maps_are_panned_and_zoomed_together(panel):
    drawn, other = grown(panel), panel.maps.maps["twin"]
    before = drawn.positions()
    drawn._zoom(2.0, QPointF(*before[1]))
    np.testing.assert_allclose(drawn.positions()[1], before[1], atol=1e-6)
    panel.grab()
    QTest.mousePress(drawn, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    QTest.mouseMove(drawn, QPoint(90, 75))
    QTest.mouseRelease(drawn, Qt.MouseButton.LeftButton, pos=QPoint(90, 75))
    np.testing.assert_allclose(drawn.positions()[1] - before[1], (30, 15), atol=1e-6)
    np.testing.assert_allclose(other.positions() - drawn.positions(), 0, atol=2)
    assert panel.maps.scene.chosen is None
    QTest.keyClick(drawn, Qt.Key.Key_0)
    np.testing.assert_allclose(drawn.positions(), before)
    QTest.keyClick(drawn, Qt.Key.Key_Plus)
    QTest.keyClick(drawn, Qt.Key.Key_Left)
    assert panel.maps.scene.zoom > 1


def test_what_was_found_is_said_drawn_and_exported(panel, qtbot):
    grown(panel)
    assert panel.csv() == ""
    panel.show_result(GraphSeed("network", "bi-gcn", 0, 0.8, None, 10, 1.0))
    panel.show_result(GraphSeed("twin", "gcn", 0, 0.9, 0.7, 10, 1.0))
    memory = dict.fromkeys(
        (
            "network_bits", "network_float", "words_bits", "words_float_dense", "words_float_sparse", "codes_bits",
            "codes_float",
        ), 1000,
    )  # fmt: skip
    panel.show_result(GraphCosts(memory, {"bits": 0.001, "float_sparse": 0.002}, "cpu-xnor"))
    panel.show_result(GraphLength(2, np.array([0.3, 0.4]), 0.2))
    with qtbot.waitSignal(panel.found) as said:
        panel.show_result(GraphRetrieval(10, {"codes of 3 bits": 0.5}))
    for words in ("Bi-GCN: 80.0 %, one seed", "All scores in 1.00 ms by cpu-xnor", "codes of 3 bits 50.0 %"):
        assert words in said.args[0]
    assert "accuracy,GCN,0,0.9" in panel.csv()
    assert "retrieval at 2 bits,,0,0.2" in panel.csv()
    assert panel.lengths.series["accuracy"].x.tolist() == [2]
    panel.begin(RunGraph(bits=3, seeds=1))
    assert panel.csv() == ""
    assert panel.maps.shape is None
