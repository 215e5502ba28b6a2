"""What `bench gui` counts."""

from types import SimpleNamespace

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
    """A session that scores its network at every second, and makes 100 steps in each."""

    scored = Signal(object)

    def __init__(self):
        super().__init__()
        self.run, self.now = SimpleNamespace(state="running"), 0.4

    def spin(self, seconds):
        after = self.now + seconds
        if int(after) > int(self.now):
            self.scored.emit(object())
        self.now = after


def test_steps_are_counted_between_scores_however_short_epochs_are():
    session = Scoring()
    bench = SimpleNamespace(
        session=session, spin=session.spin, _newest=lambda: SimpleNamespace(step=100 * session.now, time=session.now)
    )
    assert round(bench_gui.Bench._steps_per_second(bench, 2.5)) == 100
