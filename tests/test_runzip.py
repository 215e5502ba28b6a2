"""Zipped runs: whole there and back, and every archive that is none, too large, or leads elsewhere is refused."""

import os
import zipfile
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import paths, runlist, runs, runzip
from engine.config import RunConfig
from engine.errors import BadFile, BadInput, FlipscopeError
from tests.test_runcommands import flipscope, save

NOW = datetime(2026, 1, 2, 3, 4, 5)


@pytest.fixture
def run():
    """A run of one epoch with a checkpoint, a title and a score."""
    made = runs.RunFolder.create(paths.runs_dir(), RunConfig(seed=3), {"flipscope": "0"}, NOW)
    made.record_score(dict.fromkeys(runs.METRIC_COLUMNS, 1) | {"test_accuracy": 0.9})
    made.describe(runs.About("Mine", "Well."))
    save(made, 1, keep=True)
    return made


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.path.iterdir()}


def archive(path, files, **how):
    """A zip of these files, by their paths in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **how) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return path


def test_a_run_is_the_same_on_another_machine(run, capsys, tmp_path, monkeypatch):
    _, record = flipscope(capsys, "export", "Mine", "--format", "zip", "--out", str(tmp_path / "r.zip"))
    assert record["bytes"] == (tmp_path / "r.zip").stat().st_size
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path / "elsewhere"))
    _, row = flipscope(capsys, "import", str(tmp_path / "r.zip"))
    assert (row["name"], row["title"], row["seed"], row["problem"]) == (run.name, "Mine", 0, None)
    there = runs.RunFolder(paths.runs_dir() / run.name)
    assert contents(there) == contents(run)
    assert flipscope(capsys, "import", str(tmp_path / "r.zip"))[0] == 2  # it is here already
    assert [folder.name for folder in paths.runs_dir().iterdir()] == [run.name]


def test_what_is_no_part_of_a_run_is_passed_over(run, tmp_path):
    files = {f"mine/{name}": data for name, data in contents(run).items()}
    strange = {"mine/": b"", "__MACOSX/mine/._config.json": b"x", "mine/evil.py": b"x", "../../evil": b"x"}
    made = runzip.unpack(archive(tmp_path / "r.zip", files | strange), tmp_path / "runs")
    assert made.name == "mine"
    assert contents(made) == contents(run)
    assert {path.name for path in tmp_path.iterdir()} == {"r.zip", "runs"}


@pytest.mark.parametrize("home", ["..", ".hidden", "C:", "a\\b", "/etc", "", "x" * 200])
def test_a_name_that_leads_elsewhere_is_refused(run, tmp_path, home):
    files = {f"{home}/{name}": data for name, data in contents(run).items()}
    with pytest.raises(BadFile):
        runzip.unpack(archive(tmp_path / "r.zip", files), tmp_path / "runs")
    assert {path.name for path in tmp_path.iterdir()} == {"r.zip"}


def test_bombs_are_refused_before_they_are_unpacked(run, tmp_path, monkeypatch):
    config = contents(run)["config.json"]
    monkeypatch.setattr(runzip, "SPARE", 1 << 20)
    cases = {
        "claims": {"a/config.json": bytes(runs.MAX_JSON + 1)},
        "times as many": {"a/config.json": config, "a/metrics.csv": bytes(8 << 20)},
        "no zip file of a run": {"a/config.json": config} | {f"a/{i}": b"" for i in range(runzip.MAX_FILES)},
        "several": {"a/config.json": config, "b/config.json": config},
    }
    for said, files in cases.items():
        with pytest.raises(BadFile, match=said):
            runzip.unpack(archive(tmp_path / "r.zip", files), tmp_path / "runs")
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def test_ways_of_packing_whose_tables_have_no_end_are_refused(run, tmp_path):
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / "r.zip", "w", method) as packed:
            packed.writestr("a/config.json", contents(run)["config.json"])
        with pytest.raises(BadFile, match="packed in a way"):
            runzip.unpack(tmp_path / "r.zip", tmp_path / "runs")


def test_a_directory_that_would_begin_before_the_file_is_the_files_fault(run, tmp_path):
    runzip.pack(run, tmp_path / "r.zip")
    data = bytearray((tmp_path / "r.zip").read_bytes())
    data[-10:-6] = (len(data) + 100).to_bytes(4, "little")  # bytes of the directory
    (tmp_path / "r.zip").write_bytes(data)
    with pytest.raises(BadFile, match="no whole zip file"):
        runzip.unpack(tmp_path / "r.zip", tmp_path / "runs")


def test_a_run_that_is_broken_is_not_kept(run, tmp_path):
    files = {f"mine/{name}": data for name, data in contents(run).items()}
    for broken in ({"mine/last.safetensors": b"no"}, {"mine/config.json": b"{"}, {"mine/metrics.csv": b"\xff"}):
        with pytest.raises(BadFile):
            runzip.unpack(archive(tmp_path / "r.zip", files | broken), tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_one_that_is_here_stays_as_it_is(run, tmp_path):
    runzip.pack(run, tmp_path / "r.zip")
    before = contents(run)
    with pytest.raises(BadInput, match="already"):
        runzip.unpack(tmp_path / "r.zip", paths.runs_dir())
    assert contents(run) == before


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), bite=st.binary(max_size=8), cut=st.booleans())
def test_a_damaged_archive_is_refused_or_the_same_run(run, tmp_path, place, bite, cut):
    whole = tmp_path / "r.zip"
    if not whole.exists():
        runzip.pack(run, whole)
    data = bytearray(whole.read_bytes())
    at = int(place * (len(data) - 1))
    data[at : len(data) if cut else at + len(bite)] = bite
    damaged, root = tmp_path / "d.zip", tmp_path / "runs" / os.urandom(4).hex()
    damaged.write_bytes(data)
    try:
        made = runzip.unpack(damaged, root)
    except FlipscopeError:
        assert not root.exists() or not list(root.iterdir())
    else:
        assert contents(made).items() <= contents(run).items()
        assert runlist.row(made).problem == ""
