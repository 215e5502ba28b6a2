"""The clock that leaves sleep out: by times that are given, and by a process that is stopped."""

import os
import signal
import subprocess
import sys
import time

import pytest

from engine.awake import GAP, IDLE, Awake

STOPPED = """
import time
from engine import awake
awake.GAP = 0.5
began = awake.awake()
print("ready", flush=True)
input()
print(awake.awake() - began, flush=True)
"""


class Times:
    wall, worked = 100.0, 7.0

    def clock(self):
        return Awake(lambda: self.wall, lambda: self.worked)

    def pass_by(self, seconds, worked):
        self.wall += seconds
        self.worked += worked


@pytest.mark.parametrize(
    ("seconds", "worked", "counted"),
    [
        pytest.param(3600.0, 0.0, 0.0, id="suspended"),
        pytest.param(3600.0, 3600.0, 3600.0, id="a long step"),
        pytest.param(3600.0, 8 * 3600.0, 3600.0, id="a long step of eight threads"),
        pytest.param(3600.0, 2 * IDLE * 3600.0, 3600.0, id="a step on a busy machine"),
        pytest.param(GAP / 2, 0.0, GAP / 2, id="a wait"),
    ],
)
def test_what_counts(seconds, worked, counted):
    times = Times()
    clock = times.clock()
    began = clock()
    times.pass_by(1.0, 1.0)
    assert clock() - began == 1.0
    times.pass_by(seconds, worked)
    assert clock() - began == 1.0 + counted
    times.pass_by(1.0, 0.0)
    assert clock() - began == 2.0 + counted


@pytest.mark.skipif(os.name == "nt", reason="no signal stops a process")
def test_a_stopped_process_does_not_grow_older():
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        child.send_signal(signal.SIGCONT)
        child.stdin.write("\n")
        child.stdin.flush()
        assert float(child.stdout.readline()) < 0.5
