"""The curve of accuracy over two axes: seconds for every run, steps of the one that is seen."""

import numpy as np
import pytest

from app.time_to_accuracy import Course
from app.widgets.accuracy_plot import AccuracyPlot
from engine.trace import Scores


def course(seconds_a_step, accuracies, every=100):
    """A run that is scored every so many steps, and is at its newest score."""
    steps = every * np.arange(1, len(accuracies) + 1)
    times, accuracy = steps * seconds_a_step, np.array(accuracies)
    scores = Scores(steps, steps / 200, accuracy, 1 - accuracy, times)
    return Course(scores, (float(steps[-1]), steps[-1] / 200, float(times[-1])))


@pytest.fixture
def plot(qtbot):
    made = AccuracyPlot()
    made.resize(300, 200)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def steps_below(plot):
    """Figure and place, in seconds, of each step that is written."""
    return {text: place for place, text in plot.bottom._tickLevels[0]}


def test_steps_are_written_under_the_seconds_they_were_made_at(plot):
    plot.show_courses(course(0.04, [0.9, 0.95, 0.96, 0.97]), None)
    assert steps_below(plot)["200"] == pytest.approx(8.0)
    assert max(steps_below(plot).values()) <= 16.0


def test_a_pause_between_scores_bends_the_steps_axis_and_not_the_curve(plot):
    slow = course(0.04, [0.9, 0.95])
    slow.scores.times[1] = 20.0
    plot.show_courses(Course(slow.scores, (200.0, 1.0, 20.0)), None)
    assert plot.series["test"].x.tolist() == [4.0, 20.0]
    assert steps_below(plot)["100"] == pytest.approx(4.0)


def test_the_playhead_is_drawn_at_the_second_of_its_step(plot):
    plot.show_courses(course(0.04, [0.9, 0.95]), None)
    plot.set_marker(150)
    assert plot._marker == pytest.approx(6.0)
    plot.set_marker(None)
    assert plot._marker is None


def test_under_the_pointer_are_epoch_seconds_and_accuracy(plot):
    plot.show_courses(course(0.04, [0.9, 0.975]), None)
    assert [text for text, _ in plot.reading(7.0)] == ["after 8.0 s", "test 97.50 %, 1 epoch"]


def test_a_ghost_is_read_at_what_it_had_by_then(plot):
    plot.show_courses(course(0.04, [0.9, 0.96, 0.975]), course(0.2, [0.9, 0.975]))
    told = [text for text, _ in plot.reading(12.0)]
    assert told == ["after 12.0 s", "test 97.50 %, 1.5 epochs", "plain torch no score"]
    told = [text for text, _ in plot.reading(39.0)]
    assert told == ["after 40.0 s", "test 97.50 %, 1.5 epochs", "plain torch 97.50 %, 1 epoch"]
    assert plot.marks == ["97.5 % after 12.0 s", "plain torch after 40.0 s, 3.33×"]
    assert plot.view.viewRange()[0] == [0.0, 40.0]


def test_a_ghost_that_is_behind_says_for_how_long(plot):
    plot.show_courses(course(0.04, [0.975]), course(0.2, [0.9]))
    assert plot.marks == ["97.5 % after 4.0 s", "plain torch not yet, 20.0 s"]


def test_it_is_painted_with_and_without_a_ghost(plot):
    empty = plot.grab().toImage()
    plot.show_courses(course(0.04, [0.9, 0.975]), None)
    alone = plot.grab().toImage()
    plot.show_courses(course(0.04, [0.9, 0.975]), course(0.2, [0.9]))
    assert empty != alone
    assert alone != plot.grab().toImage()
