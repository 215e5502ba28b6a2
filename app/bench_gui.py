"""`bench gui`: how smooth the window is while a network trains behind it, measured on the real window."""

from __future__ import annotations

import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent

from app.bench_window import BenchWindow, Figures
from app.launch import keep
from app.pages.draw import DrawPage
from app.session import Session
from engine import messages as m
from engine.config import RunConfig
from engine.errors import FlipscopeError
from engine.labs.faults import MAX_DRAWS, RunFaults

BEAT_MS = 16
MODEL = "mlp-1024x3"
TURNS, QUICK_TURNS = 200, 20
"""With the page and without it, each."""
TURN = 0.3
"""Seconds of one."""
FRAME_WITHIN = 120
"""Seconds within which the next frame comes, the scoring of a network included."""
SCRUBS = 120
"""Moves of a drag over everything that was recorded."""
STARTS = 5


class Heartbeat(QObject):
    """A 60 Hz timer; how late each beat comes is how long the event loop was held up."""

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self._due = 0.0
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self._due = time.perf_counter() + BEAT_MS / 1000
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.late_ms.append(max(0.0, 1000 * (now - self._due)))
        self._due = now + BEAT_MS / 1000


class Pokes(QObject):
    """Events posted from another thread at random moments; how long until the window answers is input latency."""

    KIND = QEvent.Type(QEvent.registerEventType())

    def __init__(self) -> None:
        super().__init__()
        self.latency_ms: list[float] = []
        self._posted: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._post, daemon=True, name="pokes")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def event(self, event: QEvent) -> bool:
        if event.type() == self.KIND:
            self.latency_ms.append(1000 * (time.perf_counter() - self._posted.pop(0)))
            return True
        return super().event(event)

    def _post(self) -> None:
        pauses = random.Random(0)
        while not self._stop.wait(pauses.uniform(0.005, 0.05)):
            self._posted.append(time.perf_counter())
            QCoreApplication.postEvent(self, QEvent(self.KIND))


class Paints(QObject):
    """How often a widget is painted while a run makes steps; while it scores there is nothing new on a curve."""

    def __init__(self, widget: QObject, session: Session) -> None:
        super().__init__()
        self._widget, self._session = widget, session
        self._count, self._seconds, self._since = 0, 0.0, time.perf_counter()
        self._stepping = False

    def per_second(self, seconds: float, spin: Callable[[float], None]) -> float:
        """While the event loop runs for so long."""
        self._count, self._seconds, self._stepping = 0, 0.0, False
        connection = self._session.run_changed.connect(self._look)
        self._widget.installEventFilter(self)
        self._look()
        spin(seconds)
        self._look()
        self._widget.removeEventFilter(self)
        self._session.run_changed.disconnect(connection)
        return self._count / self._seconds if self._seconds else 0.0

    def _look(self) -> None:
        now = time.perf_counter()
        self._seconds += now - self._since if self._stepping else 0.0
        self._since, self._stepping = now, self._session.run.state == "running"

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self._count += self._stepping and event.type() == QEvent.Type.Paint
        return False


class Bench(BenchWindow):
    """What is measured on the window."""

    def __init__(self, *, quick: bool) -> None:
        super().__init__()
        self._quick = quick
        self._seconds = 5.0 if quick else 20.0
        self._frame_ms: list[float] = []

    def run(self) -> Figures:
        """Every figure but those of the start."""
        self.open()
        self.session.start_run(RunConfig(model=MODEL, epochs=1000))
        self.until(lambda: self.session.run.step > 20, 120)
        fraction = self._training_fraction()
        beats, pokes = Heartbeat(), Pokes()
        beats.start()
        pokes.start()
        curves = Paints(self.window.learn.loss.plot.viewport(), self.session).per_second(self._seconds, self.spin)
        beats.stop()
        pokes.stop()
        return {
            "heartbeat_late_ms": _spread(beats.late_ms),
            "frame_ms": _spread(self._frames()),
            "input_latency_ms": _spread(pokes.latency_ms),
            "curves_hz": round(curves, 1),
            "probe_fraction": round(self.session.run.probe_fraction, 4),
            "training_fraction": round(fraction, 3),
            **self._scrubs(),
            "page_switch_ms": _spread(list(self._switches())),
            "pen_ms": _spread(self._pen()),
            "pen_beside_lab_ms": _spread(self._pen_beside_lab()),
        }

    # ------------------------------------------------------------ single figures

    def _frames(self) -> list[float]:
        """What painting the whole page costs with each picture, of which a running window paints only what changed.

        In a time of its own: so much painting would disturb the other figures.
        """
        connection = self.session.frame_arrived.connect(self._frame_shown)
        self.spin(self._seconds / 4)
        self.session.frame_arrived.disconnect(connection)
        return self._frame_ms

    def _frame_shown(self, frame: m.Frame) -> None:
        """The pages have taken the frame over (they listened first); now paint it and see what painting costs."""
        if frame.layers and self.window.isVisible():
            began = time.perf_counter()
            self.window.page("learn").repaint()
            self._frame_ms.append(1000 * (time.perf_counter() - began))

    def _training_fraction(self) -> float:
        """Training speed with the Learn page live over the speed with no frame asked for: the median of neighbours.

        Turns are short and many, because a shared machine's own speed changes by a fifth from one second to the next.
        """
        turns = QUICK_TURNS if self._quick else TURNS
        speeds = self._speeds([page for _ in range(turns) for page in ("learn", "nothing")])
        ratios = [live / quiet for live, quiet in zip(speeds[::2], speeds[1::2], strict=True) if live and quiet]
        return float(np.median(ratios))

    def _speeds(self, pages: Sequence[str]) -> list[float | None]:
        """Steps a second with each of these pages live for TURN seconds; None where the network was scored in between.

        Each turn is from the first frame after its page was shown to the first after the next one was.
        """
        heard: list[m.Frame | None] = []  # None: a score
        connections = (
            self.session.frame_arrived.connect(heard.append),
            self.session.scored.connect(lambda _: heard.append(None)),
        )
        begun: list[int] = []
        for page in (*pages, "learn"):
            self.session.show_page(page)
            count = len(heard)
            self.until(lambda: any(heard[count:]), FRAME_WITHIN)  # noqa: B023 - it is over before the next turn
            begun.append(next(index for index in range(count, len(heard)) if heard[index]))
            self.spin(TURN)
        self.session.frame_arrived.disconnect(connections[0])
        self.session.scored.disconnect(connections[1])
        return [_speed(heard[first : last + 1]) for first, last in pairwise(begun)]

    def _scrubs(self) -> dict[str, Figures]:
        """A drag of the playhead over all recorded moments: what a move takes until its bits are painted, and until
        all that it changed is, with whatever comes between the turns of the other panels.
        """
        moments, drawing = len(self.session.run.history), self.window.learn.drawing
        bits, whole = [], []
        for index in np.linspace(moments - 1, 0, min(SCRUBS, moments)).astype(int).tolist():
            began = time.perf_counter()
            self.session.scrub(index)
            self._paint()
            bits.append(1000 * (time.perf_counter() - began))
            while drawing.waits:
                self.app.processEvents()
            self._paint()
            whole.append(1000 * (time.perf_counter() - began))
        self.session.go_live()
        return {"scrub_ms": _spread(bits), "scrub_whole_ms": _spread(whole)}

    def _paint(self) -> None:
        QCoreApplication.sendPostedEvents(self.window, QEvent.Type.UpdateRequest.value)

    def _switches(self) -> Iterator[float]:
        for _ in range(5):
            for name in ("draw", "kernels", "learn"):
                began = time.perf_counter()
                self.window.show_page(name)
                self.window.repaint()
                yield 1000 * (time.perf_counter() - began)
                self.spin(0.1)

    def _pen(self) -> list[float]:
        """Draw a circle while training goes on; from each movement to its painted prediction."""
        self.window.show_page("draw")
        page = self.window.page("draw")
        assert isinstance(page, DrawPage)
        page.clock.seconds.clear()
        canvas, side = page.canvas, min(page.canvas.width(), page.canvas.height())
        self._mouse(canvas, QEvent.Type.MouseButtonPress, QPointF(side * 0.7, side * 0.5))
        for step in range(150):
            angle = 2 * np.pi * step / 150
            where = QPointF(side * (0.5 + 0.2 * np.cos(angle)), side * (0.5 + 0.3 * np.sin(angle)))
            self._mouse(canvas, QEvent.Type.MouseMove, where)
            self.spin(0.016)
        self._mouse(canvas, QEvent.Type.MouseButtonRelease, QPointF(side * 0.7, side * 0.5))
        self.spin(0.3)
        return [1000 * seconds for seconds in page.clock.seconds]

    def _pen_beside_lab(self) -> list[float]:
        """The same while a lab runs, too."""
        jobs, said = self.session.jobs, []
        model = next(choice.path for choice in self.session.models if choice.path)
        connection = jobs.said.connect(lambda _command, event: said.append(event))
        jobs.start(RunFaults(model, draws=MAX_DRAWS), "labs", "The lab")
        self.until(lambda: bool(said), 60)
        jobs.said.disconnect(connection)
        try:
            return self._pen()
        finally:
            jobs.cancel()

    def _mouse(self, target: QObject, kind: QEvent.Type, where: QPointF) -> None:
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        buttons = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, where, where, button, buttons, Qt.KeyboardModifier.NoModifier)
        QCoreApplication.sendEvent(target, event)


def bench_gui(quick: bool = False) -> Figures:
    """Every figure of `bench gui` (milliseconds, shares); `quick` measures for 5 instead of 20 seconds."""
    started = _starts(2 if quick else STARTS)
    bench = Bench(quick=quick)
    keep(bench.window)
    try:
        return {"machine": platform.platform(), **bench.run(), **started}
    finally:
        bench.close()


def _speed(heard: Sequence[m.Frame | None]) -> float | None:
    """Steps a second from the first of these frames to the last; None where there is a score in between."""
    first, last = heard[0], heard[-1]
    if first is None or last is None or not all(heard):
        return None
    return (last.step - first.step) / (last.time - first.time)


def _spread(values: Sequence[float]) -> Figures:
    if not len(values):
        return {"p50": None, "p99": None, "n": 0}
    middle, high = np.percentile(values, [50, 99])
    return {"p50": round(float(middle), 2), "p99": round(float(high), 2), "n": len(values)}


# ---------------------------------------------------------------- from process start to the first picture

_BARE = """
import time
import PySide6.QtWidgets as w
import pyqtgraph as pg
app = w.QApplication([])
window = w.QMainWindow()
window.setCentralWidget(pg.PlotWidget())
window.show()
window.repaint()
print(time.time(), flush=True)
"""


def _starts(times: int) -> Figures:
    """Medians over several starts of the program and of a bare PySide6 + pyqtgraph window, taking turns."""
    ours, bare = [], []
    for _ in range(times):
        ours.append(_our_start())
        bare.append(_bare_start())
    return {"start_ms": round(float(np.median(ours))), "bare_start_ms": round(float(np.median(bare)))}


def _bare_start() -> float:
    began = time.time()
    said = subprocess.run([sys.executable, "-c", _BARE], capture_output=True, text=True, check=True).stdout
    return 1000 * (float(said) - began)


def _our_start() -> float:
    """From process start to the line that the window logs once it is painted."""
    with tempfile.TemporaryDirectory() as home:
        began = time.time()
        command = [sys.executable, "-m", "main", "--quit-after", "1"]
        subprocess.run(command, env={**os.environ, "FLIPSCOPE_HOME": home}, capture_output=True, check=True)
        for line in (Path(home) / "log" / "window.log").read_text(encoding="utf-8").splitlines():
            if "first picture" in line:
                painted = datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f")
                return 1000 * (painted.timestamp() - began)
    raise FlipscopeError("The window was not painted.", "Look into the log folder.")
