"""Answers that cannot be written, and readers that have read enough."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.printing import progress_line

MAIN = Path(__file__).parent.parent.parent.parent / "main.py"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_an_answer_that_cannot_be_written_is_told():
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, MAIN, "recipes"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("flipscope: The answer could not be written")
    assert done.stderr.count("\n") == 1


def test_progress_that_nobody_can_read_is_not_told(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)  # as it is where it was closed
    progress_line("half of it")
    assert capsys.readouterr().out == ""


def test_a_reader_that_has_read_enough_is_no_failure():
    with subprocess.Popen(
        [sys.executable, MAIN, "recipes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as done:
        done.stdout.close()
        assert done.stderr.read() == ""
        assert done.wait() == 0
