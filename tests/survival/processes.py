"""Processes that must be gone soon."""

from __future__ import annotations

import time

import psutil

ORPHANS = 3.0
"""Seconds after which nobody may be left."""


def nobody_left(processes, wait=time.sleep):
    """Raise AssertionError where one of these processes runs on."""
    deadline = time.monotonic() + ORPHANS
    while alive := [process for process in processes if runs(process)]:
        assert time.monotonic() < deadline, f"left running: {[(one.pid, words(one)) for one in alive]}"
        wait(0.05)


def runs(process):
    """Whether it is there, stopped or not; one that only waits to be buried is not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def words(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def marked(name, value):
    """Every process that was started with this in its environment."""
    return [process for process in psutil.process_iter() if _environment(process).get(name) == value]


def _environment(process):
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}
