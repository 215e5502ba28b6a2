"""Who stands in line for the processor behind whom."""

import os
import subprocess
import sys

import pytest

from app import launch
from engine.worker import BEHIND, LAST


def test_what_is_looked_for_stands_behind_what_trains(monkeypatch):
    made = []
    monkeypatch.setattr(launch, "Link", lambda world, behind=0: made.append((world, behind)))
    launch.job("inference")
    launch.job("torch")
    assert made == [("inference", LAST), ("torch", BEHIND)]
    assert 0 < BEHIND < LAST


@pytest.mark.skipif(not hasattr(os, "nice"), reason="priorities are told otherwise here")
def test_a_child_goes_so_many_steps_behind():
    code = "import os; from engine.worker import _go_behind; a = os.nice(0); _go_behind(3); print(os.nice(0) - a)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3"]
