"""Wilson's interval against the equation that it solves, and at the ends."""

import math

import pytest

from engine.wilson import Z, interval


@pytest.mark.parametrize(("right", "count"), [(1, 2), (5, 6), (12, 30), (299, 300)])
def test_at_both_ends_the_share_seen_lies_z_deviations_away(right, count):
    for end in interval(right, count):
        assert abs(right / count - end) == pytest.approx(Z * math.sqrt(end * (1 - end) / count))


def test_none_and_all_right_are_not_taken_for_certain():
    assert interval(0, 5)[0] == pytest.approx(0)
    assert interval(0, 5)[1] == pytest.approx(0.4345, abs=1e-3)
    assert interval(5, 5) == (pytest.approx(0.5655, abs=1e-3), pytest.approx(1))
