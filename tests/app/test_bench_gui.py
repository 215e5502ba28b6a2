"""What `bench gui` counts."""

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app import bench_gui


class Run(QObject):
    """A session as far as counting goes."""

    run_changed = Signal()

    def __init__(self):
        super().__init__()
        self.run = SimpleNamespace(state="running")

    def becomes(self, state):
        self.run.state = state
        self.run_changed.emit()


def test_paints_are_counted_by_the_second_of_training(qtbot, monkeypatch):
    widget, session = QWidget(), Run()
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(bench_gui.time, "perf_counter", lambda: clock.now)

    def spin(seconds):
        for state, paints, share in (("running", 30, 0.5), ("evaluating", 7, 0.25), ("running", 15, 0.25)):
            session.becomes(state)
            for _ in range(paints):
                widget.repaint()
            clock.now += share * seconds

    assert bench_gui.Paints(widget, session).per_second(2.0, spin) == 30
    session.becomes("paused")
    assert bench_gui.Paints(widget, session).per_second(2.0, lambda _: widget.repaint()) == 0


class Scoring(QObject):
    """A session that makes 10 steps in 0.1 s and tells them, and takes 0.5 s to score its network after 50 of them."""

    frame_arrived, scored = Signal(object), Signal(object)

    def __init__(self):
        super().__init__()
        self.now, self.step = 10.0, 0

    def until(self, over, _patience):
        while not over():
            self.now, self.step = self.now + 0.1, self.step + 10
            if self.step % 50 == 0:
                self.scored.emit(object())
                self.now += 0.5
            else:
                self.frame_arrived.emit(SimpleNamespace(step=self.step, time=self.now))


@pytest.mark.parametrize("seconds", [0.05, 0.3, 2.5])
def test_steps_are_counted_between_scores_however_short_epochs_are(monkeypatch, seconds):
    session = Scoring()
    monkeypatch.setattr(bench_gui.time, "perf_counter", lambda: session.now)
    bench = SimpleNamespace(session=session, until=session.until)
    steps, took = bench_gui.Bench._trained(bench, seconds)
    assert round(steps / took) == 100
    assert session.step >= 50 * seconds
