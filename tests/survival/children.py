"""Rounds in which a child of a living window is harmed."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from PySide6.QtCore import QEventLoop, QTimer

from app import pulse
from app.launch import application, make_session
from app.models_list import shipped
from app.settings import Settings
from app.window import Window
from engine import messages as m
from engine.config import RunConfig
from engine.datasets import load
from engine.labs.faults import RunFaults
from engine.labs.verify import RunVerify
from tests.survival.saves import Saves

PATIENCE = 120.0
"""Seconds that anything may take on a busy machine."""
ORPHANS = 3.0
HARMS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP)
SHIPPED = {Path(path).stem: path for path in shipped("")}
FAULTS = RunFaults(SHIPPED["mnist-mlp-512x2"], draws=3)
VERIFY = RunVerify(SHIPPED["verify-100-50-10"], radius=2, index=0)
BENCH = m.BenchGemm(((256, 256, 256),), quick=True)


@dataclass(frozen=True)
class Activity:
    """What the window does while it is harmed: its name, and which children it is work for."""

    name: str
    busy: tuple[str, ...]


ACTIVITIES = (
    Activity("training", ("trainer",)),
    Activity("saving", ("trainer",)),
    Activity("drawing", ("inference",)),
    Activity("scoring the test set", ("inference",)),
    Activity("breaking memories", ("job",)),
    Activity("verifying", ("job",)),
    Activity("measuring", ("job",)),
)


class Survivor:
    """One window that is harmed round after round, and everything that it says."""

    def __init__(self, seed):
        self._rng = random.Random(seed)
        pulse.BEAT_MS = 300  # silence is told after a second and a half here
        self._app = application()
        self.session = make_session(Settings())
        self.window = Window(self.session)
        self.saves = Saves()
        self.notices = []
        self.session.noticed.connect(self.notices.append)
        self.session.trainer.said.connect(self._said)
        self.window.show()
        self.session.start()
        self._until(self._ready, "the children to be ready")
        self._images = load("mnist").test_images

    def round(self):
        """Do something, harm somebody, see what holds; what was done, for the log."""
        activity, harm = self._rng.choice(ACTIVITIES), self._rng.choice(HARMS)
        self._begin(activity)
        self._wait(self._rng.uniform(0.0, 1.5))
        victim = self._rng.choice((*activity.busy, *activity.busy, "trainer", "inference"))
        told = f"{activity.name}, {harm.name} to {victim}"
        process = self._process(victim)
        if process is None:
            return f"{told}: already over"
        self.notices.clear()
        before = process.pid
        os.kill(before, harm)
        self._until(lambda: self._answered(victim, before), f"the window to answer {told}")
        self._recover()
        self._until(self._ready, f"the children to be ready after {told}")
        self._nobody_left_of(before)
        self.saves.check()
        return told

    def close(self):
        """Close the window; nobody may be left."""
        family = psutil.Process().children(recursive=True)
        self.window.close()
        _, alive = psutil.wait_procs([child for child in family if "spawn_main" in _words(child)], timeout=ORPHANS)
        self.saves.close()
        assert not alive, f"left running: {alive}"

    # ------------------------------------------------------------ what is done

    def _begin(self, activity):
        session = self.session
        match activity.name:
            case "training" | "saving":
                if not session.run.moving:
                    session.start_run(RunConfig(epochs=1000))
                    self._until(lambda: session.run.step > 0, "training to begin")
                if activity.name == "saving":
                    session.stop_run()
            case "drawing":
                session.predict(self._images[self._rng.randrange(len(self._images))])
            case "scoring the test set":
                session.inference.send(m.Evaluate(session.model_key, ("numpy-xnor",)))
            case _:
                command = {"breaking memories": FAULTS, "verifying": VERIFY, "measuring": BENCH}[activity.name]
                session.jobs.start(command, "labs", "The job")

    def _process(self, victim):
        channel = {"trainer": self.session.trainer, "inference": self.session.inference, "job": self.session.jobs.child}
        link = channel[victim]
        alive = link is not None and link.pid is not None and psutil.pid_exists(link.pid)
        return psutil.Process(link.pid) if alive else None

    # ------------------------------------------------------------ what must follow

    def _answered(self, victim, before):
        """It was said, or, where nothing was under way that could be lost, mended without a word."""
        if any(notice.what for notice in self.notices):
            return True
        process = self._process(victim)
        return victim != "inference" and (process is None or process.pid != before)

    def _recover(self):
        """What a person would press: end who does not answer, start who is gone."""
        session = self.session
        deadline = time.monotonic() + PATIENCE
        while not self._ready():
            assert time.monotonic() < deadline, f"no way back; said: {[n.what for n in self.notices]}"
            offers = {notice.action for notice in self.notices}
            self.notices.clear()
            if "end-trainer" in offers:
                session.trainer.kill()
            if "end-inference" in offers:
                session.inference.kill()
            if session.run.state == "lost":
                session.resume_lost()
            elif "restart-trainer" in offers:
                session.restart_trainer()
            if "restart-inference" in offers:
                session.restart_inference()
            self._wait(0.2)
        session.jobs.cancel()

    def _ready(self):
        running = all(self._runs(child) for child in ("trainer", "inference"))
        return all(self.session.ready.values()) and running and self.session.run.state != "lost"

    def _runs(self, child):
        process = self._process(child)
        return process is not None and process.status() != psutil.STATUS_STOPPED

    def _nobody_left_of(self, pid):
        deadline = time.monotonic() + ORPHANS
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, f"process {pid} is left"
            self._wait(0.05)

    # ------------------------------------------------------------ the event loop

    def _said(self, event):
        if isinstance(event, m.Saved):
            self.saves.announce(event)

    def _until(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}; said: {[n.what for n in self.notices]}"
            self._wait(0.05)

    def _wait(self, seconds):
        loop = QEventLoop()
        QTimer.singleShot(int(1000 * seconds), loop.quit)
        loop.exec()


def _words(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
