"""`bench gui --to-accuracy` on a fake trainer: Run is really pressed, and the first score that is enough counts."""

import numpy as np
import pytest
from PySide6.QtCore import QTimer

from app.bench_accuracy import bench_accuracy, to_accuracy
from app.bench_window import BenchWindow
from engine import messages as m
from engine.config import RunConfig
from engine.errors import BadInput, FlipscopeError

CONFIG = RunConfig(model="mlp-1024x3", seed=5)


@pytest.fixture
def bench(session):
    made = BenchWindow(session)
    made.window.show()
    yield made
    made.close()


def answer(bench, *events):
    """Say these once the run was asked for."""
    started = m.RunStarted("r1", "f", CONFIG, (("dense 1", 8, 16),), 0, 100, 1000, "native kernels")
    QTimer.singleShot(30, bench.window, lambda: bench.session.trainer.say(started, *events))


def scored(step, accuracy):
    return m.Scored("r1", step, step / 100, step / 50, accuracy, 0.1, np.eye(10, dtype=np.int64), "cpu-xnor")


def test_seconds_are_to_the_first_score_that_is_enough(bench):
    answer(bench, m.RunState("r1", "running"), scored(100, 0.96), scored(200, 0.9751), scored(300, 0.97))
    record = to_accuracy(bench, 97.5, CONFIG)
    assert bench.session.trainer.last(m.StartRun).config == CONFIG
    assert record["reached"]
    assert record["training_seconds"] == 4.0
    assert record["seconds"] == record["scores"][1]["seconds"] >= 0.03
    assert (record["best_accuracy"], record["stepper"]) == (0.9751, "native kernels")


def test_a_run_that_never_gets_there_says_how_far_it_came(bench):
    answer(bench, m.RunState("r1", "running"), scored(100, 0.96), m.RunState("r1", "finished"), m.Done("run"))
    record = to_accuracy(bench, 97.5, CONFIG)
    assert not record["reached"]
    assert record["seconds"] is None
    assert record["best_accuracy"] == 0.96


def test_a_run_that_cannot_be_made_is_told(bench):
    QTimer.singleShot(30, bench.window, lambda: bench.session.trainer.say(m.Failed("StartRun", "No data.", "")))
    with pytest.raises(FlipscopeError):
        to_accuracy(bench, 97.5, CONFIG)


def test_a_level_that_is_none_is_refused():
    with pytest.raises(BadInput):
        bench_accuracy(975, "mnist-mlp")
