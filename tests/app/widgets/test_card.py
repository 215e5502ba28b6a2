"""Labels that fit."""

import pytest

from app.widgets.live_label import FittingLabel


@pytest.fixture
def fitting(qtbot):
    made = FittingLabel()
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_longest_text_that_fits_is_shown(fitting):
    fitting.resize(400, 20)
    fitting.say("12.5 µs/image · 2.67 MB", "12.5 µs")
    assert (fitting.text(), fitting.toolTip()) == (fitting.whole, "")
    fitting.resize(fitting.fontMetrics().horizontalAdvance("12.5 µs") + 2, 20)
    assert (fitting.text(), fitting.toolTip()) == ("12.5 µs", "12.5 µs/image · 2.67 MB")


def test_where_none_fits_the_last_ends_in_an_ellipsis(fitting):
    fitting.resize(30, 20)
    fitting.say("ten thousand", "ten thousand of them")
    assert fitting.text().endswith("…")
