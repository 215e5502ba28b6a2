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
    """A session that makes 9 steps in 0.1 s where they are seen, else 10, and takes 0.5 s to score its network."""

    frame_arrived, scored = Signal(object), Signal(object)

    def __init__(self):
        super().__init__()
        self.now, self.step, self.turns, self.page = 10.0, 0, 0, ""

    def show_page(self, page):
        self.page = page

    def pass_by(self):
        self.turns += 1
        if self.turns % 12 == 0:
            self.scored.emit(object())
            self.now += 0.5
        self.step, self.now = self.step + (9 if self.page == "learn" else 10), self.now + 0.1
        self.frame_arrived.emit(SimpleNamespace(step=self.step, time=self.now))

    def until(self, over, _patience):
        while not over():
            self.pass_by()

    def spin(self, seconds):
        for _ in range(round(seconds / 0.1)):
            self.pass_by()


def test_turns_are_from_frame_to_frame_and_those_with_a_score_do_not_count():
    session = Scoring()
    bench = SimpleNamespace(session=session, until=session.until, spin=session.spin, _quick=True)
    bench._speeds = lambda pages: bench_gui.Bench._speeds(bench, pages)
    speeds = bench._speeds(["learn", "nothing"] * 20)
    assert 3 < speeds.count(None) < 37
    # a turn ends with the first frame after the next page was shown, whose steps are that one's
    assert [speed for speed in speeds[::2] if speed] == pytest.approx([92.5] * sum(map(bool, speeds[::2])))
    assert [speed for speed in speeds[1::2] if speed] == pytest.approx([97.5] * sum(map(bool, speeds[1::2])))
    assert bench_gui.Bench._training_fraction(bench) == pytest.approx(92.5 / 97.5)
