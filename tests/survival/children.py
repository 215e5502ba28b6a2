"""Rounds in which a child of a living window is harmed."""

from __future__ import annotations

import logging
import os
import random
import signal
import time

import numpy as np
import psutil
from PySide6.QtCore import QEventLoop, QTimer

from app import pulse
from app.launch import application, make_session
from app.settings import Settings
from app.widgets.notice import NoticeBar
from app.window import Window
from engine import messages as m
from engine import paths
from tests.survival.cells import JOBS, run_config
from tests.survival.processes import nobody_left, runs, words
from tests.survival.saves import Saves

PATIENCE = 600.0
"""Seconds that anything may take on a busy machine."""
BEAT_MS, STARTING = 600, 200
"""Silence of a child is told after three seconds here, and after two minutes, as ever, where it has yet to start: who
ends what only starts slowly never sees it started."""
WOKEN = 0.3
"""Share of the stopped children that are let go on; the others are ended."""
NAMES = {"trainer": "trainer", "inference": "inference worker", "job": "job"}
"""What notices call the children."""


class Survivor:
    """One window that is harmed round after round, and everything that it says."""

    def __init__(self, seed, home, session=None):
        """session: of children of other making; of real ones where there is none."""
        self._rng = random.Random(seed)
        pulse.BEAT_MS, pulse.STARTING = BEAT_MS, STARTING
        self._app = application()
        self.session = session or make_session(Settings())
        self.window = Window(self.session)
        self.saves = Saves(paths.runs_dir())
        self._config = run_config(home)
        self.notices, self._begun, self._began_at = [], 0, 0
        self._unexpected = _Errors()
        logging.getLogger().addHandler(self._unexpected)
        self.session.noticed.connect(self.notices.append)
        self.session.withdrawn.connect(self._withdrawn)
        self.session.trainer.said.connect(self._said)
        self.session.inference.said.connect(self._said)
        self.session.jobs.said.connect(self._said)

    def start(self):
        """Open the window and wait for its children."""
        self.window.show()
        self.session.start()
        self._until(self._ready, "the children to be ready")

    def round(self, cell):
        """Do something, harm somebody, see what holds; what there is to say of it, for the log."""
        self._begin(cell.activity)
        if self._rng.random() < 0.7:  # the others are harmed while they begin
            self._until(lambda: self._begun, f"{cell.activity} to begin")
        self._wait(self._rng.choice((0.0, 0.3, 1.0)) * self._rng.random())
        process = self._process(cell.victim)
        if process is None:
            self._over()
            return "over before it was harmed"
        family = [process, *process.children(recursive=True)]
        saved = self.session.run.saved if self.session.run.active else None
        self.notices.clear()
        self._began_at = -1
        os.kill(process.pid, cell.harm)
        self._until(lambda: self._told(cell.victim, cell.harm), f"the window to tell of {cell}")
        woken = cell.harm == signal.SIGSTOP and self._rng.random() < WOKEN
        if woken:
            self._wake(cell.victim, process)
        else:
            self._recover(cell.victim, process)
            nobody_left(family, self._wait)
            if saved is not None and cell.victim == "trainer":
                self._until(lambda: self._goes_on(saved), f"the run to go on from step {saved.step}")
        self._over()
        return "woken again" if woken else ""

    def close(self):
        """Close the window; nobody may be left."""
        family = psutil.Process().children(recursive=True)
        self.window.close()
        nobody_left([child for child in family if "resource_tracker" not in words(child)])
        self.saves.close()
        logging.getLogger().removeHandler(self._unexpected)

    # ------------------------------------------------------------ what is done

    def _begin(self, activity):
        session, self._begun = self.session, 0
        if activity in JOBS:
            session.jobs.start(JOBS[activity], "labs", "The job")
        elif activity == "drawing":
            session.predict(np.full((28, 28, 1), 100, np.uint8))
        elif activity == "scoring":
            session.inference.send(m.Evaluate(session.model_key, ("numpy-xnor",)))
        else:
            session.start_run(self._config)
            if activity == "saving":
                self._until(lambda: session.run.step > 0, "training to begin")
                self._begun = 0
                session.stop_run()

    def _over(self):
        """Leave nothing under way, and see what is on the disk."""
        self.session.jobs.cancel()
        if self.session.run.active:
            self.session.stop_run()
            self._until(lambda: not self.session.run.active, "the run to end")
        self.saves.check()
        assert not self._unexpected.seen, self._unexpected.seen

    def _process(self, victim):
        session = self.session
        link = {"trainer": session.trainer, "inference": session.inference, "job": session.jobs.child}[victim]
        if link is None or link.pid is None:
            return None
        try:
            found = psutil.Process(link.pid)
        except psutil.NoSuchProcess:
            return None
        return found if runs(found) else None

    # ------------------------------------------------------------ what must follow

    def _told(self, victim, harm):
        """Whether the window says what happened to whom, and what to do, or what it did itself."""
        about = self._about(victim)
        if harm == signal.SIGSTOP:
            return any(notice.action == f"end-{victim}" for notice in about) or self._job_done(victim)
        return any(notice.remedy for notice in about) or self._job_done(victim)

    def _about(self, victim):
        return [notice for notice in self.notices if NAMES[victim] in notice.what]

    def _withdrawn(self, what):
        self.notices[:] = [notice for notice in self.notices if notice.what != what]

    def _job_done(self, victim):
        """The last that a job said before it was harmed was that it is done."""
        return victim == "job" and self.session.jobs.child is None

    def _wake(self, victim, stopped):
        """Let it go on, as a person may with what a person stopped: that is told, and nothing was lost."""
        stopped.resume()
        self._until(
            lambda: self._job_done(victim) or any("answers again" in notice.what for notice in self._about(victim)),
            f"the {victim} to answer again",
        )
        assert self._ready(), self.session.run.state
        assert not any(notice.action for notice in self._about(victim)), "what no longer holds is still offered"

    def _recover(self, victim, harmed):
        """Press what is offered about a child until that process is gone and all is well again."""
        deadline, pressed = time.monotonic() + PATIENCE, set()
        while runs(harmed) or not self._ready():
            for notice in [notice for notice in self._about(victim) if notice.action]:
                if id(notice) not in pressed:
                    pressed.add(id(notice))
                    bar = NoticeBar(notice, self.session)
                    bar.action.click()
            assert time.monotonic() < deadline, f"no way back; said: {[n.what for n in self.notices]}"
            self._wait(0.1)

    def _ready(self):
        session = self.session
        children = (self._process(child) for child in ("trainer", "inference", "job") if child != "job" or self._job)
        running = all(child is not None and child.status() != psutil.STATUS_STOPPED for child in children)
        return all(session.ready.values()) and running and session.run.state != "lost"

    @property
    def _job(self):
        return self.session.jobs.child is not None

    def _goes_on(self, saved):
        return self.session.run.state == "running" and self._began_at >= saved.step

    # ------------------------------------------------------------ the event loop

    def _said(self, *told):
        event = told[-1]
        match event:
            case m.Saved():
                self.saves.announce(event.path, event.step)
            case m.RunStarted():
                self._began_at = event.step
        self._begun += not isinstance(event, m.ChildReady)

    def _until(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}; said: {[n.what for n in self.notices]}"
            self._wait(0.05)

    def _wait(self, seconds):
        loop = QEventLoop()
        QTimer.singleShot(int(1000 * seconds), loop.quit)
        loop.exec()


class _Errors(logging.Handler):
    """Keeps what the window logs as an error: nobody may expect the unexpected."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.seen = []

    def emit(self, record):
        self.seen.append(record.getMessage())
