"""What a report says of the machine, and the warnings it ends with."""

import os
from pathlib import Path

import pytest

from engine import machine, paths


def test_the_system_is_told():
    told = machine.system()
    assert told["kernels"]
    assert told["processor"]
    assert told["variables"]["OMP_NUM_THREADS"] == "1"


def test_a_home_that_can_be_written_is_no_matter():
    folders = machine.folders()
    assert all(folder["writable"] and not folder["bytes"] for folder in folders)
    assert not list(machine.warnings([folder | {"free": 1 << 40} for folder in folders]))


def test_what_a_folder_holds_is_counted():
    (paths.cache_dir() / "data").mkdir(parents=True)
    (paths.cache_dir() / "data" / "one").write_bytes(b"x" * 1000)
    assert {folder["name"]: folder["bytes"] for folder in machine.folders()}["caches"] == 1000


def test_what_stands_in_the_way_is_told_with_what_to_do(home, monkeypatch):
    (home / "runs").write_text("no folder")
    monkeypatch.setattr(machine, "LITTLE_ROOM", 1 << 62)
    told = list(machine.warnings(machine.folders()))
    assert "(runs). Set FLIPSCOPE_HOME" in told[1]
    assert "are free where caches are kept" in told[2]


@pytest.mark.skipif(os.name == "nt", reason="another variable names the home")
def test_a_report_does_not_name_its_writer(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert machine.home_out(str(Path.home() / "runs")) == "~/runs"
