"""What a frame says of the speed of steps."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.training.loop import StepDone
from engine.training.steppers import StepResult
from engine.training.telemetry import Telemetry


class Run:
    """A session as telemetry sees it, at a speed that is set."""

    def __init__(self):
        self.now = 0.0
        place = SimpleNamespace(step=0)
        self.loop = SimpleNamespace(place=place, epoch=0.0, rate=1e-3)
        self.watch = SimpleNamespace(seconds=lambda: self.now)
        self.folder = Path("run")
        self.telemetry = Telemetry(self, lambda: self.now)

    def layer_shapes(self):
        return [(4, 4)]

    def train(self, steps, each):
        for _ in range(steps):
            self.now += each
            self.loop.place.step += 1
            self.telemetry.add(StepDone(self.loop.place.step, 0.0, 1e-3, 10, StepResult(1.0, 5, (0,))))

    def speed(self):
        return self.telemetry.frame(pictures=False).steps_per_second


def test_the_speed_of_steps_is_that_of_the_last_second():
    run = Run()
    run.train(100, 0.02)
    assert run.speed() == pytest.approx(50)
    run.train(100, 0.01)
    assert run.speed() == pytest.approx(100)


def test_scoring_is_no_slow_step():
    run = Run()
    run.train(100, 0.02)
    run.telemetry.interrupt()
    run.now += 3  # while the test set is scored
    run.train(1, 0.02)
    assert run.speed() == 0
    run.train(1, 0.02)
    assert run.speed() == pytest.approx(50)
