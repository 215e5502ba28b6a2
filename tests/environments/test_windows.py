"""Real windows: two of them in one home, and one on a machine that is suspended, children and all."""

import sys
import time
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("Windows are stopped and ended by signals here.", allow_module_level=True)

from engine import runcommands
from tests.survival.processes import nobody_left
from tests.survival.saves import whole
from tests.survival.window import Driven

PATIENCE = 120.0
"""Seconds; a trainer imports torch for some of them on a busy machine."""
SLEEP = 8.0
"""Longer than what a process takes for a gap in its clock (engine.awake)."""


@pytest.fixture
def opened(tmp_path, monkeypatch):
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path))
    windows = []

    def one(activity):
        windows.append(Driven(activity, tmp_path))
        return windows[-1]

    yield one
    for window in windows:
        family = window.family()
        window.end()
        nobody_left(family)


def saved(window):
    return {record["path"]: record["saved"] for record in list(window.records) if "saved" in record}


def last_step(window):
    return max((record["step"] for record in list(window.records) if "step" in record), default=0)


def noticed(window):
    return [record["notice"] for record in list(window.records) if "notice" in record]


def test_two_windows_train_in_one_home(opened):
    both = [opened("saving"), opened("saving")]
    for window in both:
        window.until("begun")
    first, second = map(saved, both)
    assert first
    assert second
    assert not first.keys() & second.keys(), "they saved one over the other"
    for path, step in (first | second).items():
        whole(Path(path), step)
    listed = {run["folder"] for run in runcommands.listed()["runs"]}
    assert {str(Path(path).parent) for path in first | second} <= listed
    assert not noticed(both[0]) + noticed(both[1])


def test_a_suspended_machine_wakes_as_if_nothing_had_been(opened):
    window = opened("training")
    window.until("begun")
    family = window.family()
    assert len(family) >= 3
    for process in family:
        process.suspend()
    before, step = len(window.records), last_step(window)
    time.sleep(SLEEP)
    assert len(window.records) <= before + 1, "it was not asleep"
    for process in family:
        process.resume()
    deadline = time.monotonic() + PATIENCE
    while last_step(window) < step + 100:
        assert window.process.poll() is None
        assert time.monotonic() < deadline, "training did not go on"
        time.sleep(0.1)
    assert not noticed(window)
