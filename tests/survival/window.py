"""Rounds in which the window itself is killed, or stopped for a while, over its children."""

from __future__ import annotations

import faulthandler
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from PySide6.QtCore import QTimer

from engine import messages as m
from tests.survival.cells import JOBS, run_config
from tests.survival.processes import marked, nobody_left, runs
from tests.survival.saves import whole

PATIENCE = 600.0
MARK = "FLIPSCOPE_SURVIVAL"
"""A variable of the environment by which a window's descendants are known, whoever their parent is by now."""

# ---------------------------------------------------------------- the window that is harmed


def drive(activity, home):
    """Be a window that does this, and print what happens: saves, notices, a beat with the step some times a second."""
    from app.launch import application, make_session
    from app.settings import Settings
    from app.window import Window

    faulthandler.enable()  # where it ends by itself, the log of the campaign says where
    app = application()
    session = make_session(Settings())
    window = Window(session)
    session.trainer.said.connect(lambda event: _trainer_said(session, activity, home, event))
    session.jobs.said.connect(lambda *_: tell(begun=True))
    session.noticed.connect(lambda notice: tell(notice=notice.what))
    window.painted.connect(session.start)
    window.painted.connect(lambda: _begin(session, activity, home))
    beat = QTimer(interval=300)
    beat.timeout.connect(lambda: tell(step=session.run.step))
    beat.start()
    QTimer.singleShot(600_000, window.close)
    window.show()
    return app.exec()


def _begin(session, activity, home):
    session.start_run(run_config(home))
    if activity in JOBS:
        session.jobs.start(JOBS[activity], "labs", "The job")


def _trainer_said(session, activity, home, event):
    match event:
        case m.Saved():
            tell(path=event.path, saved=event.step)
        case m.Frame() if activity == "saving" and session.run.state == "running":
            session.stop_run()
        case m.Frame() if activity == "training":
            tell(begun=True)
        case m.RunState(_, "finished" | "stopped") if activity == "saving":
            tell(begun=True)
            session.start_run(run_config(home))


def tell(**record):
    print(json.dumps(record), flush=True)


# ---------------------------------------------------------------- who harms it


class Driven:
    """Such a window in a process of its own, and everything that it printed."""

    def __init__(self, activity, home):
        self.mark = secrets.token_hex(8)
        command = [sys.executable, "-m", "tests.survival", "--driven", activity, "--home", str(home)]
        environment = os.environ | {MARK: self.mark}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.records = []
        self._reader = threading.Thread(target=self._read, daemon=True, name="output of a window")
        self._reader.start()

    def end(self, harm=signal.SIGKILL):
        """End the window, and what is read of it."""
        self.process.send_signal(harm)
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()

    def _read(self):
        for line in self.process.stdout:
            self.records.append(json.loads(line))

    def family(self):
        """The window and whoever descends from it."""
        return marked(MARK, self.mark)

    def until(self, key, after=0):
        """Wait until something of this kind is printed after so many records."""
        deadline = time.monotonic() + PATIENCE
        while not any(key in record for record in self.records[after:]):
            assert self.process.poll() is None, f"the window ended by itself with {self.process.returncode}"
            assert time.monotonic() < deadline, f"the window printed no '{key}'; it printed {self.records[-5:]}"
            time.sleep(0.05)


def harm_a_window(cell, rng, home):
    """One round; what there is to say of it, for the log."""
    driven = Driven(cell.activity, home)
    try:
        driven.until("begun")
        time.sleep(rng.uniform(0.0, 2.0))
        if cell.harm == signal.SIGSTOP:
            _stop_for_a_while(driven, rng.uniform(0.5, 3.0))
        family = driven.family()
    finally:
        driven.end(signal.SIGKILL if cell.harm == signal.SIGSTOP else cell.harm)
    assert len(family) >= 3, f"the window had no children yet: {family}"
    nobody_left(family)
    saves = {record["path"]: record["saved"] for record in list(driven.records) if "saved" in record}
    for path, step in saves.items():
        whole(Path(path), step)
    return f"{len(saves)} runs saved"


def _stop_for_a_while(driven, seconds):
    """Nobody ends meanwhile, and the window goes on afterwards as if nothing had been, without a bad word."""
    family, before = driven.family(), len(driven.records)
    driven.process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    driven.process.send_signal(signal.SIGCONT)
    for _ in range(3):
        driven.until("step", len(driven.records))
    said = [record["notice"] for record in driven.records[before:] if "notice" in record]
    assert not [what for what in said if "gone" in what], said
    assert all(runs(process) for process in family[:3]), "a child ended while the window was stopped"


if sys.platform == "win32":
    raise SystemExit("Processes are harmed by signals here; run this on Linux or macOS.")
