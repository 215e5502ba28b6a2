"""The roofline: dots where their figures say, ceilings measured, every dot readable without a mouse."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from app.theme import tokens
from app.widgets.roofline import Roofline, limit
from engine import messages as m

PEAK = m.BenchPeak(2700.0, 130.0, "a machine", (("16 KiB", 500.0), ("memory", 40.0)))
CASE = "64x64x64"


def row(backend, kind, gmacs, intensity, case=CASE):
    return m.BenchRow(case, backend, kind, 1, 1.0, 0.9, 1.1, gmacs, intensity=intensity)


ROWS = (
    row("cpu-xnor", "xnor", 2400.0, 200.0),
    row("torch", "peer", 50.0, 80.0),
    row("cpu-xnor", "xnor", 100.0, 4.0, "1x64x64"),
    m.BenchRow(CASE, "cupy-xnor", "xnor", 1, reason="No card."),
)


@pytest.fixture
def roofline(qtbot):
    made = Roofline()
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    return made


def test_dots_lie_where_their_figures_say(roofline):
    roofline.show_rows(ROWS, PEAK, CASE, 1)
    assert [dot.gmacs for dot in roofline.rows] == [100.0, 50.0, 2400.0]
    thin, torch, fast = (roofline.point(dot.intensity, dot.gmacs) for dot in roofline.rows)
    assert thin.x() < torch.x() < fast.x()
    assert fast.y() < thin.y() < torch.y()
    seen = roofline.grab().toImage()
    assert seen.pixelColor(fast.toPoint()).name() == tokens().xnor.lower()
    assert seen.pixelColor(torch.toPoint()).name() == tokens().of_kind("peer").lower()


def test_axes_reach_over_every_dot_and_ceiling(roofline):
    roofline.show_rows([row("slow", "xnor", 0.01, 0.02), row("far", "xnor", 10.0, 1e5)], PEAK, CASE, 8)
    (left, right), (low, high) = roofline.extent()
    assert 10**left < 0.02 < 1e5 < 10**right
    assert 10**low < 0.01 < 8 * 2700 < 10**high


def test_ceilings_of_arithmetic_grow_with_the_threads(roofline):
    roofline.show_rows(ROWS, PEAK, CASE, 2)
    assert roofline.flats() == [("popcount", 5400.0), ("float32", 260.0)]
    assert roofline.slopes() == [("16 KiB", 500.0), ("memory", 40.0)]


GPU = m.BenchPeak(4e5, 4e4, "A card", (("memory", 1000.0),), "events", "A card")


def test_ceilings_of_a_gpu_are_of_all_of_it_and_said_to_be_computed(roofline):
    kernel = replace(row("cupy-kernel", "xnor", 1e5, 500.0), threads=2, device="A card")
    roofline.show_rows([kernel], GPU, CASE, 2)
    assert roofline.flats() == [("popcount", 4e5), ("float32", 4e4)]
    assert roofline.extent()[1] == pytest.approx((2.0, 6.0))
    assert roofline.words(0).endswith(
        "25.0 % of what its multiprocessors without tensor cores, or its memory, allow by computation"
    )
    computed = roofline.grab().toImage()
    roofline.show_rows([replace(kernel, threads=1)], replace(GPU, device=""), CASE, 1)
    assert roofline.grab().toImage() != computed


def test_what_no_ceiling_is_known_for_has_no_share(roofline):
    roofline.show_rows([row("cuda-int8", "int8", 10.0, 10.0)], replace(GPU, read_gbs=()), CASE, 1)
    assert roofline.words(0).endswith("MAC/byte")


def test_what_limits_a_row():
    assert limit(ROWS[0], PEAK) == 2700.0
    assert limit(ROWS[1], PEAK) == 130.0
    assert limit(ROWS[2], PEAK) == 160.0
    assert limit(row("int8", "int8", 200.0, 50.0), PEAK) == 2000.0
    assert limit(row("int8", "int8", 1.0, 1.0), m.BenchPeak(None, None, "")) == float("inf")


def test_a_dot_says_itself(roofline):
    roofline.show_rows(ROWS, PEAK, CASE, 1)
    said = []
    for _ in range(4):
        QTest.keyClick(roofline, Qt.Key.Key_Right)
        said.append(roofline.accessibleDescription())
    assert said[0] == (
        "GEMM 1×64×64, cpu-xnor: 100 GMAC/s at 4.00 MAC/byte, 62.5 % of what arithmetic or reading from memory allow"
    )
    assert said[2] == said[3]
    QTest.mouseClick(roofline, Qt.MouseButton.LeftButton, pos=roofline.point(80.0, 50.0).toPoint())
    assert "torch: 50.0 GMAC/s" in roofline.accessibleDescription()
    assert roofline.row_at(QPointF(0, 0)) is None


def test_nothing_and_no_ceilings(roofline):
    assert roofline.accessibleDescription() == "Nothing is measured yet."
    assert roofline.row_at(QPointF(100, 100)) is None
    before = roofline.grab().toImage()
    roofline.show_rows(ROWS, None, CASE, 1)
    assert roofline.grab().toImage() != before
    assert roofline.words(0).endswith("MAC/byte")
