"""Folders that are another's, without the powers by which root goes everywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("setpriv") is None:
    pytest.skip("Only root on Linux can give a folder away.", allow_module_level=True)

from engine.training import commands
from tests.training.conftest import data  # noqa: F401 - a fixture
from tests.training.tiny import config

ROOT = Path(__file__).parent.parent.parent
NOBODY = 65534


def plainly(*arguments, home):
    """Run Python without root's powers: what is another's is closed, as it says."""
    return subprocess.run(
        ["setpriv", "--bounding-set", "-all", sys.executable, *arguments], cwd=ROOT,
        env=os.environ | {"FLIPSCOPE_HOME": str(home)}, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


def give_away(folder, mode):
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    folder.chmod(mode)


@pytest.fixture
def theirs(tmp_path, monkeypatch, data):  # noqa: F811, ARG001
    """The home of somebody who has trained a run."""
    home = tmp_path / "theirs"
    home.mkdir()
    monkeypatch.setenv("FLIPSCOPE_HOME", str(home))
    return home, Path(commands.train(config(epochs=1), home / "model.safetensors")["run"])


@pytest.fixture
def flipscope(tmp_path):
    """Runs a command of mine, in my home or another one, and returns what it refuses, or None."""

    def run(*arguments, home=tmp_path / "mine"):
        done = plainly("main.py", *map(str, arguments), home=home)
        assert "Traceback" not in done.stderr
        assert done.returncode == (2 if done.stderr else 0)
        return done.stderr or None

    return run


def test_what_everybody_may_read_is_read_and_not_written(theirs, flipscope):
    home, run = theirs
    give_away(home, 0o755)
    assert flipscope("runs", home=home) is None
    assert flipscope("runs", "show", run.name, home=home) is None
    assert flipscope("evaluate", home / "model.safetensors", "--limit", 20) is None
    refused = flipscope("train", "--resume", run / "last.safetensors", "--epochs", 2)
    assert "changes.csv' could not be saved: Permission denied." in refused
    assert "Set FLIPSCOPE_HOME" in flipscope("train", "--epochs", 1, home=home)


def test_what_nobody_else_may_see_is_refused_by_name(theirs, flipscope):
    home, run = theirs
    give_away(home, 0o700)
    assert f"The runs in '{home / 'runs'}' cannot be read: Permission denied." in flipscope("runs", home=home)
    assert "No run folder can be made" in flipscope("train", "--epochs", 1, home=home)
    for arguments in (
        ["evaluate", home / "model.safetensors"], ["train", "--resume", run / "last.safetensors"],
        ["train", "--data", home / "images.npz"], ["train", "--recipe", home / "own.toml"],
        ["runs", "show", run], ["runs", "import", home / "run.zip"],
    ):  # fmt: skip
        refused = flipscope(*arguments)
        assert "Permission denied" in refused, arguments
        assert str(home) in refused, arguments


def test_a_run_among_others_that_may_not_be_read_is_listed_as_such(theirs, flipscope):
    home, run = theirs
    for path in run.iterdir():
        path.chmod(0o600)
    hidden = shutil.copytree(run, run.with_name("hidden"))
    give_away(home, 0o755)
    hidden.chmod(0o700)
    assert flipscope("runs", home=home) is None
    assert "'metrics.csv' cannot be read: Permission denied." in plainly("main.py", "runs", home=home).stdout


@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_the_window_opens_in_a_home_of_another(theirs, mode):
    home, _ = theirs
    give_away(home, mode)
    done = plainly("-m", "tests.environments.opened", home=home)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    *before, last = json.loads(done.stdout)
    assert "No run folder can be made" in last
    assert not any("unexpected" in what for what in before)
    assert any("The runs in" in what for what in before) == (mode == 0o700)
