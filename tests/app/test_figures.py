"""Figures as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures import digits, duration, multiple, nice_ticks, percent


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(7.4e-7, "740 ns"), (1.234e-5, "12.3 µs"), (0.0041, "4.10 ms"), (0.9999, "1.00 s"), (2, "2.00 s"), (90, "90.0 s")],
)
def test_time_in_its_unit(seconds, text):
    assert duration(seconds) == text


def test_digits_keep_three_that_count():
    assert [digits(v) for v in (0, 0.01234, 1.005, 47.13, 1234.4)] == ["0", "0.0123", "1.00", "47.1", "1,230"]


def test_ratio_and_share():
    assert multiple(46.84) == "46.8×"
    assert percent(0.9864) == "98.6 %"


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 12))
def test_ticks_lie_within_and_are_even(low, span, about):
    ticks = nice_ticks(low, low + span, about)
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    assert len(ticks) <= about + 2
