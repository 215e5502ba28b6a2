"""Homes as people have them: names with spaces and beyond ASCII, nothing that can be written, caches that are gone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine import machine, paths, runcommands
from engine.files import CannotWrite
from engine.inference.commands import evaluate
from engine.jit import cache
from engine.training import commands
from tests.training.conftest import data  # noqa: F401 - a fixture
from tests.training.tiny import config

MAIN = Path(__file__).parent.parent.parent / "main.py"
NAMES = ["with spaces", "Ünï cödé", "数字", "-f 'q' $HOME"]
if sys.platform == "linux":
    NAMES.append(os.fsdecode(b"caf\xe9"))  # no text in UTF-8, yet a name


def flipscope(*arguments, **environment):
    return subprocess.run(
        [sys.executable, MAIN, *arguments],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("name", NAMES)
def test_a_run_lives_in_any_home(tmp_path, monkeypatch, name):
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path / name))
    record = commands.train(config(epochs=1), tmp_path / f"{name}.safetensors")
    assert Path(record["model"]).is_file()
    (run,) = runcommands.listed()["runs"]
    assert run["folder"].startswith(str(tmp_path / name))
    again = commands.train(config(epochs=2), resume=Path(record["run"]) / "last.safetensors")
    assert again["steps"] == 10


@pytest.mark.skipif(sys.platform != "linux", reason="other systems name these folders otherwise")
def test_without_variables_everything_is_below_the_home(tmp_path):
    home = tmp_path / "Ünï cödé hôme"
    clean = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"), "")
    told = json.loads(flipscope("doctor", "--json", HOME=str(home), FLIPSCOPE_HOME="", **clean).stdout)
    assert [folder["path"][:2] for folder in told["folders"]] == ["~/"] * 4
    assert all(folder["writable"] for folder in told["folders"])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names in UTF-16 or UTF-8")
def test_a_name_that_is_no_text_is_told_all_the_same(tmp_path):
    home = tmp_path / os.fsdecode(b"caf\xe9")
    assert "caf\\udce9" in flipscope("runs", FLIPSCOPE_HOME=str(home)).stdout


@pytest.fixture
def no_home(tmp_path, monkeypatch):
    """A home in which nothing can be made: a file is in its place, which stops root as well."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path / "file" / "home"))


@pytest.mark.usefixtures("no_home", "data")
def test_without_a_home_a_run_is_refused_with_what_to_do():
    with pytest.raises(CannotWrite, match="Set FLIPSCOPE_HOME"):
        commands.train(config(epochs=1))
    assert runcommands.listed()["runs"] == []
    assert all(not folder["writable"] for folder in machine.folders())


@pytest.mark.usefixtures("no_home", "data")
def test_without_a_home_models_are_read_and_logs_go_among_temporary_files():
    network = MAIN.parent / "assets" / "models" / "mnist-mlp-512x2.safetensors"
    assert evaluate(str(network), limit=20)["backends"]["cpu-xnor"]["identical_scores"] == 20
    log = paths.new_log("environment-test.log")
    assert log.is_file()
    log.unlink()


def test_a_cache_that_is_gone_or_no_folder_is_done_without():
    cache.store("kernel", b"code")
    assert cache.load("kernel") == b"code"
    shutil.rmtree(paths.cache_dir())
    assert cache.load("kernel") is None
    cache.store("kernel", b"code")
    assert cache.load("kernel") == b"code"
    shutil.rmtree(paths.cache_dir())
    paths.cache_dir().write_text("")
    cache.store("kernel", b"code")
    assert cache.load("kernel") is None
