"""The command line itself: what cannot be met is one line on stderr and exit code 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import main

MAIN = Path(__file__).parent.parent / "main.py"
MODEL = MAIN.parent / "assets" / "models" / "mnist-mlp-512x2.safetensors"
PICTURE = MAIN.parent / "assets" / "lessons" / "bit.png"


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
        ("data", "fetch"),
        ("data", "fetch", "mnist"),
        ("data", "show", "not/here"),
        ("bench", "everything"),
        ("--page", "moon"),
        ("trian",),
        ("evaluate", "missing.safetensors"),
        ("export", "missing.safetensors", "--format", "c", "--out", "missing.c"),
        ("train", "--set", "batch_size"),
        ("graph", "--epochs", "0"),
        ("bench", "net", "--case", "784-10x0-10"),
        ("predict", str(MODEL), str(PICTURE), "--backend", "all"),
        ("evaluate", str(MODEL), "--changed", "--limit", "1", "--backend", "all"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line(arguments):
    ended = flipscope(*arguments)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("flipscope")
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
@pytest.mark.parametrize("arguments", [(), ("bench", "gui"), ("bench", "gui", "--to-accuracy", "90")])
def test_without_a_display_the_window_is_refused_in_words(arguments):
    ended = flipscope(*arguments, environment={"PATH": ""})
    assert ended.returncode == 2
    assert "no display" in ended.stderr


def test_without_the_net_nothing_is_fetched_and_it_says_what_to_do(tmp_path):
    nowhere = "http://127.0.0.1:9"  # the discard port: nobody answers
    proxies = {"http_proxy": nowhere, "https_proxy": nowhere, "no_proxy": ""}
    ended = flipscope(
        "data", "fetch", "cifar10", environment={**os.environ, **proxies, "FLIPSCOPE_HOME": str(tmp_path)}
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "CIFAR-10 could not be fetched" in ended.stderr
    assert str(tmp_path) in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors of POSIX")
def test_an_answer_that_nobody_can_read_is_no_failure():
    """Standard output closed before the command begins."""
    command = f'"{sys.executable}" "{MAIN}" recipes >&-'
    ended = subprocess.run(command, shell=True, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_ctrl_c_while_modules_are_read_is_told_by_the_exit_code(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("multiprocessing.freeze_support", interrupted)
    assert main.main(["recipes"]) == 130
