"""Real children: they start from every entry point, say what they cannot do, and die with their parent."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from app.link import Link
from engine import messages as m

ROOT = Path(__file__).resolve().parents[2]
START_MS = 60_000


@pytest.fixture(params=["inference", "torch"])
def link(request, qapp):  # noqa: ARG001 - a link needs an application
    """A started child of each world, ended afterwards."""
    made = Link(request.param)
    made.start()
    yield made
    made.end()


def ready(event):
    return isinstance(event, m.ChildReady)


def test_a_child_says_that_it_is_ready_and_ends_when_asked(link, qtbot):
    with qtbot.waitSignal(link.said, timeout=START_MS, check_params_cb=ready) as caught:
        pass
    process = psutil.Process(caught.args[0].pid)
    with qtbot.assertNotEmitted(link.died):
        link.end()
    assert not process.is_running()


def test_a_killed_child_is_told_with_its_signal_and_can_be_started_again(link, qtbot):
    with qtbot.waitSignal(link.said, timeout=START_MS, check_params_cb=ready):
        pass
    with qtbot.waitSignal(link.died, timeout=10_000) as caught:
        os.kill(link.pid, signal.SIGKILL)
    assert caught.args[0].exit_code == -signal.SIGKILL
    assert "signal 9" in caught.args[0].reason
    with qtbot.waitSignal(link.said, timeout=START_MS, check_params_cb=ready):
        link.start()
    qtbot.waitUntil(lambda: threads_of(link) == ["reader", "writer"], timeout=10_000)


def threads_of(link):
    """Who serves a link; those of a life that is over are gone."""
    names = (thread.name.split() for thread in threading.enumerate())
    return sorted(part for world, *rest in names for part in rest if world == link.world)


def test_a_crash_in_native_code_leaves_its_last_words(link, qtbot):
    with qtbot.waitSignal(link.said, timeout=START_MS, check_params_cb=ready):
        pass
    with qtbot.waitSignal(link.died, timeout=10_000) as caught:
        os.kill(link.pid, signal.SIGSEGV)
    assert "Segmentation fault" in caught.args[0].last_words


def window(command, home):
    """The program as a person starts it, in a home of its own."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "FLIPSCOPE_HOME": str(home)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def children_in_log(home):
    """Process numbers of the children that the window's log says are ready."""
    path = Path(home) / "log" / "window.log"
    text = path.read_text() if path.exists() else ""
    return [int(pid) for pid in re.findall(r"ready, pid (\d+)", text)]


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def entry_point():
    """The console script of this environment, if the project is installed here."""
    return shutil.which("flipscope", path=str(Path(sys.executable).parent))


@pytest.mark.parametrize("command", [[sys.executable, "main.py"], [entry_point()]], ids=["main.py", "entry point"])
def test_the_program_starts_its_children_and_ends_cleanly(command, home):
    if command[0] is None:
        pytest.skip("the project is not installed in this environment")
    process = window(command, home)
    assert wait_for(lambda: len(children_in_log(home)) == 2, 60)
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert not [pid for pid in children_in_log(home) if psutil.pid_exists(pid)]


def test_a_killed_window_leaves_no_orphan(home):
    process = window([sys.executable, "main.py"], home)
    try:
        assert wait_for(lambda: len(children_in_log(home)) == 2, 60)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 2
    finally:
        process.kill()
        process.communicate()
    _, alive = psutil.wait_procs(family, timeout=3)
    assert not alive


WINDOW = """
import sys
from PySide6.QtCore import QTimer
from app.launch import application, make_session
from app.settings import Settings
from app.window import Window

app = application()
window = Window(make_session(Settings()))
session = window.session
window.painted.connect(session.start)
session.children_changed.connect(lambda: all(session.ready.values()) and QTimer.singleShot(500, window.close))
QTimer.singleShot(60_000, window.close)
window.show()
app.exec()
print(session.ready, "foreign", [name for name in ("torch", "cupy", "llvmlite") if name in sys.modules])
"""


def test_the_window_imports_neither_torch_nor_cupy_whatever_its_children_send(home):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "FLIPSCOPE_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", WINDOW], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.stdout.strip() == "{'trainer': True, 'inference': True} foreign []", done.stdout + done.stderr
