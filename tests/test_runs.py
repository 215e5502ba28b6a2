"""Run folders: their tables, their list, and what is found in them after an accident."""

import errno
import json
import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from engine import messages as m
from engine import runs
from engine.config import RunConfig
from engine.curves import Curves
from engine.errors import BadFile, BadInput
from engine.files import CannotWrite

NOW = datetime(2026, 1, 2, 3, 4, 5)


def create(root, **changes):
    return runs.RunFolder.create(root, RunConfig(**changes), {"flipscope": "0"}, NOW)


def score(folder, step, accuracy=0.5):
    row = dict.fromkeys(runs.METRIC_COLUMNS, 0) | {"step": step, "test_accuracy": accuracy}
    folder.record_score(row)


def test_folders_are_named_by_time_model_and_seed(tmp_path):
    assert create(tmp_path / "a" / "b", seed=7).name == "2026-01-02-030405-mlp-512x2-seed7"
    assert create(tmp_path, kind="float").name == "2026-01-02-030405-mlp-512x2-float-seed0"


def test_a_name_is_never_taken_twice(tmp_path):
    names = [create(tmp_path).name for _ in range(3)]
    assert names == [names[0], f"{names[0]}-2", f"{names[0]}-3"]
    (tmp_path / names[1]).rename(tmp_path / "elsewhere")
    assert create(tmp_path).name == f"{names[0]}-4"


def test_rewind_forgets_what_is_later_and_what_is_no_row(tmp_path):
    folder = create(tmp_path)
    for step in (10, 20, 30):
        score(folder, step)
    folder.record_change(5, "learning_rate", 0.1)
    folder.record_change(25, "loss", "squared-hinge")
    with (folder.path / runs.METRICS).open("a") as file:
        file.write("\n4")
    folder.rewind(20)
    assert [row[0] for row in folder.rows(runs.METRICS)] == ["step", "10", "20", "4"]
    assert list(folder.rows(runs.CHANGES))[1:] == [["5", "learning_rate", "0.1"]]


def test_a_save_is_recognised_by_its_place(tmp_path):
    folder = create(tmp_path)
    kept = folder.keep(b"x", 3)
    assert kept.name == "checkpoint-00003.safetensors"
    assert runs.RunFolder.holding(folder.save(b"x")) == folder
    assert runs.RunFolder.holding(kept) is None
    assert runs.RunFolder.holding(tmp_path / "last.safetensors") is None


def test_epochs_that_are_powers_of_two_are_kept():
    assert [epoch for epoch in range(70) if runs.is_kept(epoch)] == [1, 2, 4, 8, 16, 32, 64]


def test_a_table_that_cannot_be_read_is_told(tmp_path):
    folder = create(tmp_path)
    (folder.path / runs.METRICS).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile, match=r"metrics\.csv"):
        list(folder.rows(runs.METRICS))
    (folder.path / runs.METRICS).unlink()
    with pytest.raises(BadFile, match=r"metrics\.csv"):
        folder.rewind(3)


def test_a_table_without_end_is_not_read_to_its_end(tmp_path, monkeypatch):
    folder = create(tmp_path)
    (folder.path / runs.METRICS).write_text("1,2\n" * 9)
    assert len(list(folder.rows(runs.METRICS))) == 9
    monkeypatch.setattr(runs, "MAX_TABLE", 35)
    with pytest.raises(BadFile, match="more than"):
        list(folder.rows(runs.METRICS))


def test_a_full_disk_is_told_by_every_writer(tmp_path, monkeypatch):
    folder = create(tmp_path)

    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    for write in (lambda: folder.save(b"x"), lambda: folder.keep(b"x", 1), lambda: score(folder, 1)):
        with pytest.raises(CannotWrite, match="No space left"):
            write()


def test_a_title_a_note_and_an_origin_come_back(tmp_path):
    folder = create(tmp_path)
    assert folder.about() == runs.About()
    about = runs.About("Bop, wide", "Flips rest after\nthe second epoch.", runs.Origin("run-1", 938, 2))
    folder.describe(about)
    assert folder.about() == about


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", '{"title": 3}', '{"colour": 1}', '{"origin": {"run": "a"}}', '{"origin": 5}']
)
def test_a_broken_record_of_what_people_say_is_told(tmp_path, text):
    folder = create(tmp_path)
    (folder.path / runs.ABOUT).write_text(text)
    with pytest.raises(BadFile, match=r"about\.json"):
        folder.about()


def test_a_title_has_an_end():
    with pytest.raises(BadInput, match="81 characters"):
        runs.About(title="x" * 81)


def test_no_more_is_read_of_a_record_than_it_may_hold(tmp_path):
    folder = create(tmp_path)
    (folder.path / runs.ABOUT).write_text(json.dumps({"note": "x" * runs.MAX_JSON}))
    with pytest.raises(BadFile, match="not read"):
        folder.about()


def test_curves_come_back_up_to_a_step(tmp_path):
    folder = create(tmp_path)
    assert folder.curves(10).columns == 0
    curves = Curves(16, (4,))
    curves.add(m.Scalars(np.arange(1, 11), *(np.arange(10, dtype=np.float32) for _ in "ab"), np.ones((10, 1))))
    folder.save_curves(curves)
    kept = folder.curves(6)
    assert kept.weights == (4,)
    assert kept.get(0, 0, 99, 99)[1].tolist() == [0, 1, 2, 3, 4, 5]
    (folder.path / runs.CURVES).write_bytes(b"not curves")
    assert folder.curves(6).columns == 0


def test_a_folder_that_cannot_be_filled_is_not_left(tmp_path, monkeypatch):
    def refuse(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(CannotWrite):
        create(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="no limit on the size of files")
def test_a_row_is_added_whole_or_not_at_all(tmp_path):
    import resource

    folder = create(tmp_path)
    score(folder, 10)
    before = (folder.path / runs.METRICS).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, limits[1]))  # room for five bytes of the row
    try:
        with pytest.raises(CannotWrite):
            score(folder, 20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (folder.path / runs.METRICS).read_bytes() == before
    score(folder, 30)
    assert [row[0] for row in folder.rows(runs.METRICS)] == ["step", "10", "30"]
