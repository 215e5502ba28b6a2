"""The plot: exact readings, honest zeros on a log axis, CSV, no movement by accident."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from app.theme import theme
from app.widgets.axes import Axis, decade, whole_ticks
from app.widgets.plot import Plot
from app.widgets.plot_text import fitting


@pytest.fixture
def plot(qtbot):
    made = Plot("Loss", Axis("step"), Axis("loss", "nats"), empty="Press Run: the loss appears here.")
    made.resize(300, 200)
    qtbot.addWidget(made)
    made.add_line("train", lambda t: t.text)
    with qtbot.waitExposed(made):
        made.show()
    return made


def view_range(plot):
    return plot.view.viewRange()


def test_empty_says_what_will_appear(plot):
    assert not plot.has_data
    assert plot.accessibleDescription() == "Press Run: the loss appears here."
    assert plot.reading(3.0) == []


def test_reading_gives_the_nearest_points_exact_figures(plot):
    plot.set_line("train", [0, 10, 20], [2.5, 1.25, 0.625])
    texts = [text for text, _ in plot.reading(11.0)]
    assert texts == ["step 10", "train 1.25 nats"]


def test_band_reads_as_a_span_and_draws_both_ends(plot):
    plot.set_band("train", [0, 10], [1.0, 0.5], [2.0, 0.75])
    assert plot.reading(0)[1][0] == "train 1 to 2 nats"
    x, y = plot.series["train"].item.getData()
    assert x.tolist() == [0, 0, 10, 10]
    assert y.tolist() == [1.0, 2.0, 0.5, 0.75]


def test_a_loss_that_is_not_a_number_leaves_a_gap(plot):
    plot.set_line("train", [0, 1, 2], [1.0, np.nan, 2.0])
    (_, _), (low, high) = view_range(plot)
    assert np.isfinite([low, high]).all()
    assert plot.reading(1)[1][0] == "train not a number nats"


def test_log_axis_lays_zero_on_its_floor(qtbot):
    plot = Plot("Flips", Axis("step"), Axis("share", log=True, low=1e-6, high=1.0))
    qtbot.addWidget(plot)
    plot.add_line("a", lambda t: t.flip)
    plot.set_line("a", [1, 2, 3], [0.1, 0.0, 1e-9])
    _, y = plot.series["a"].item.getData()
    assert y == pytest.approx([-1.0, -6.0, -6.0])
    assert plot.reading(2)[1][0] == "a 0"


def test_csv_holds_what_is_shown(plot):
    plot.set_line("train", [0, 10], [2.5, 1.25])
    assert plot.csv() == "series,step,loss (nats)\ntrain,0,2.5\ntrain,10,1.25\n"


def test_csv_of_a_band_has_both_ends(plot):
    plot.set_band("train", [5], [1.0], [2.0])
    assert plot.csv() == "series,step,loss (nats) low,loss (nats) high\ntrain,5,1,2\n"


def test_wheel_does_not_zoom(plot, qapp):
    plot.set_line("train", [0, 10], [2.5, 1.25])
    before = view_range(plot)
    position = QPointF(150, 100)
    event = QWheelEvent(
        position, position, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    qapp.sendEvent(plot.viewport(), event)
    assert view_range(plot) == before


def test_arrow_keys_walk_the_reading(plot, qtbot):
    plot.set_line("train", [0, 10, 20], [3.0, 2.0, 1.0])
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert plot.reading(plot._cursor)[1][0] == "train 2 nats"


def test_a_line_that_moves_is_painted_and_the_axes_are_not_painted_again(plot, monkeypatch):
    plot.resize(300, 200)
    plot.set_line("train", [0, 5, 10], [0.0, 0.5, 1.0])
    before = plot.grab().toImage()
    drawn = []
    monkeypatch.setattr(plot, "drawForeground", lambda *_: drawn.append(True))
    plot.set_line("train", [0, 5, 10], [0.0, 0.0, 1.0])
    assert plot.grab().toImage() != before
    assert not drawn
    plot.set_line("train", [0, 5, 50], [0.0, 0.0, 1.0])
    plot.grab()
    assert drawn


def test_follows_the_theme(plot):
    plot.set_line("train", [0, 1], [0.0, 1.0])
    theme().choose("light")
    assert plot.ground.name().upper() == theme().tokens.surface
    assert plot.series["train"].item.opts["pen"].color().name().upper() == theme().tokens.text
    theme().choose("dark")


def test_menu_offers_data_and_picture(plot, qapp):
    plot.set_line("train", [0], [1.0])
    menu = plot.make_menu()
    assert [action.text() for action in menu.actions()] == ["Copy data as CSV", "Save picture…"]
    menu.actions()[0].trigger()
    assert qapp.clipboard().text() == plot.csv()


def test_decades_as_written():
    assert [decade(k) for k in (-5, -3, -1, 0, 3, 6)] == ["10⁻⁵", "0.001", "0.1", "1", "1,000", "10⁶"]


def test_axis_stands_still_while_the_data_suit_it(plot):
    plot.set_line("train", [0, 10], [0.0, 1.0])
    before = view_range(plot)[1]
    plot.set_line("train", [0, 10], [0.02, 0.98])
    assert view_range(plot)[1] == before
    plot.set_line("train", [0, 10], [0.4, 0.5])
    assert view_range(plot)[1] != before


def test_names_of_many_curves_take_what_room_there_is():
    def names(room):
        return [name for name, _ in fitting(len, room, [(f"L{number} 9→9", "#000000") for number in range(1, 4)])]

    assert names(18) == ["L1 9→9", "L2 9→9", "L3 9→9"]
    assert names(17) == ["L1", "L2", "L3"]
    assert names(5) == ["L1", "…", "L3"]


def test_an_axis_of_whole_numbers_has_no_figures_between():
    assert [text for _, text in whole_ticks(-0.12, 2.12)] == ["0", "1", "2"]
    assert [at for at, _ in whole_ticks(-1.0, 21.0)] == [0, 5, 10, 15, 20]
    assert whole_ticks(0, 30_000)[1] == (5000, "5,000")


def test_a_curve_that_is_called_otherwise_keeps_its_data_and_its_place(plot):
    plot.add_line("test", lambda t: t.text)
    plot.set_line("train", [0, 1], [2.0, 1.0])
    plot.rename_line("train", "mine")
    assert list(plot.series) == ["mine", "test"]
    assert plot.reading(1)[1][0] == "mine 1 nats"
