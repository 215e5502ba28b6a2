"""Rounds in which the window itself is killed under its children."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time

import psutil
from PySide6.QtCore import QTimer

from engine import messages as m
from engine.config import RunConfig
from tests.survival.saves import whole

ORPHANS = 3.0
HARMS = (signal.SIGKILL, signal.SIGSEGV)


def drive(home, seed):
    """Be a window that trains, and print each save as it is announced."""
    os.environ["FLIPSCOPE_HOME"] = home
    from app.launch import application, make_session
    from app.settings import Settings
    from app.window import Window

    app = application()
    session = make_session(Settings())
    window = Window(session)
    session.trainer.said.connect(_tell)
    session.children_changed.connect(lambda: print(json.dumps({"ready": all(session.ready.values())}), flush=True))
    window.painted.connect(session.start)
    window.painted.connect(lambda: session.start_run(RunConfig(epochs=1000, seed=seed)))
    QTimer.singleShot(600_000, window.close)
    window.show()
    return app.exec()


def _tell(event):
    if isinstance(event, m.Saved):
        print(json.dumps({"path": event.path, "step": event.step}), flush=True)


def kill_a_window(home, seed):
    """One round; what was done, for the log."""
    from tests.survival.__main__ import driver

    rng = random.Random(seed)
    process, harm = driver(home, seed), rng.choice(HARMS)
    try:
        for line in process.stdout:
            if json.loads(line).get("ready"):
                break
        time.sleep(rng.uniform(0.0, 8.0))
        family = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(harm)
        rest, _ = process.communicate()
    saves = [told for line in rest.splitlines() if "path" in (told := json.loads(line))]
    _, alive = psutil.wait_procs(family, timeout=ORPHANS)
    assert len(family) >= 2, "the window had no children yet"
    assert not alive, f"left running: {alive}"
    for told in saves:
        whole(told["path"], told["step"])
    return f"{harm.name} to the window, {len(saves)} saves whole"


if sys.platform == "win32":
    raise SystemExit("Processes are harmed by signals here; run this on Linux or macOS.")
