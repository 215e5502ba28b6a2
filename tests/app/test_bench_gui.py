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
