"""Answers that cannot be written, and readers that have read enough."""

import subprocess
import sys
from pathlib import Path

import pytest

MAIN = Path(__file__).parent.parent.parent.parent / "main.py"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_an_answer_that_cannot_be_written_is_told():
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, MAIN, "recipes"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("flipscope: The answer could not be written")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_read_enough_is_no_failure():
    with subprocess.Popen(
        [sys.executable, MAIN, "recipes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as done:
        done.stdout.close()
        assert done.stderr.read() == ""
        assert done.wait() == 0
