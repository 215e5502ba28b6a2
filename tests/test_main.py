"""The command line itself: what cannot be met is one line on stderr and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

MAIN = Path(__file__).parent.parent / "main.py"


def flipscope(*arguments, environment=None):
    return subprocess.run(
        [sys.executable, MAIN, *arguments], env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--epochs", "many"),
        ("train", "--recipe"),
        ("train", "--recipe", "nothing-like-it"),
        ("bench", "everything"),
        ("--page", "moon"),
        ("trian",),
        ("evaluate", "missing.safetensors"),
        ("train", "--set", "batch_size"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line(arguments):
    ended = flipscope(*arguments)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("flipscope")
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_without_a_display_the_window_is_refused_in_words():
    ended = flipscope(environment={"PATH": ""})
    assert ended.returncode == 2
    assert "no display" in ended.stderr
