"""When an accuracy counts as reached, and how that is said."""

import numpy as np

from app.time_to_accuracy import Mark, epochs_in, lasting, seconds_to
from engine.trace import Scores


def scores(*rows):
    """Of (seconds, accuracy) each, a step a second, ten steps an epoch."""
    times, accuracy = np.array(rows, np.float64).reshape(-1, 2).T
    return Scores(times.astype(np.int64), times / 10, accuracy, 1 - accuracy, times)


def test_a_level_is_reached_with_the_first_score_at_or_above_it():
    found = scores((4, 0.96), (8.4, 0.975), (12, 0.9712), (16, 0.9762))
    assert seconds_to(found, 97.5) == 8.4
    assert seconds_to(found, 98) is None
    assert Mark.of(found) == Mark(97.5, 8.4)
    assert Mark.of(found).words == "97.5 % after 8.4 s"


def test_below_the_lowest_level_nothing_is_told():
    assert Mark.of(scores()) is None
    assert Mark.of(scores((1, 0.1))) is None


def test_times_are_told_as_closely_as_they_are_compared():
    assert [lasting(seconds) for seconds in (8.44, 99.96, 1234.5)] == ["8.4 s", "100 s", "1,234 s"]
    assert epochs_in(30, 20.04) == "30 epochs in 20.0 s"
    assert epochs_in(1, 0.5) == epochs_in(1.002, 0.5) == "1 epoch in 0.5 s"
