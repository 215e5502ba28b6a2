"""Kept runs in a list: what is said of whole ones and of broken ones; naming, deleting, restoring."""

import os
import time
from datetime import datetime
from pathlib import Path

import pytest

from engine import runlist, runs, runservice
from engine.config import RunConfig
from engine.errors import BadFile, BadInput, UnknownName
from engine.files import CannotWrite
from engine.messages import runs as r

NOW = datetime(2026, 1, 2, 3, 4, 5)


def create(root, now=NOW, **changes):
    return runs.RunFolder.create(root, RunConfig(**changes), {"flipscope": "0"}, now)


def score(folder, step, accuracy=0.5):
    row = dict.fromkeys(runs.METRIC_COLUMNS, 0) | {"step": step, "epoch": step / 100, "test_accuracy": accuracy}
    folder.record_score(row)


def test_the_list_has_the_newest_first_and_leaves_out_what_is_no_run(tmp_path):
    first, second = create(tmp_path, seed=1), create(tmp_path, datetime(2026, 1, 2, 3, 4, 6))
    score(first, 10, 0.97)
    (tmp_path / "notes").mkdir()
    (tmp_path / "file").write_text("")
    *_, last = runlist.listing(tmp_path)
    assert last.complete
    assert [(row.name, row.accuracy, row.config.seed) for row in last.rows] == [
        (second.name, None, 0),
        (first.name, 0.97, 1),
    ]
    assert last.rows[0].created == datetime(2026, 1, 2, 3, 4, 6).timestamp()
    assert [part.rows for part in runlist.listing(tmp_path / "nowhere")] == [()]


def test_a_row_tells_where_the_run_stands(tmp_path):
    folder = create(tmp_path)
    for step in range(1, 101):
        score(folder, step, step / 200)
    folder.record_change(5, "learning_rate", 0.1)
    folder.describe(runs.About("Mine", "A note.", runs.Origin("run-0", 3, 1)))
    row = runlist.row(folder)
    assert (row.title, row.note, row.origin) == ("Mine", "A note.", ("run-0", 3, 1))
    assert (row.config.learning_rate, row.step, row.epoch, row.accuracy, row.best) == (0.1, 100, 1.0, 0.5, 0.5)
    assert len(row.curve) == runlist.CURVE_POINTS
    assert (row.curve[0], row.curve[-1]) == (0.005, 0.5)
    assert row.saved == ""


@pytest.mark.parametrize(
    ("file", "text", "readable"),
    [
        (runs.CONFIG, "not json", False),
        (runs.CONFIG, '{"novelty": 1}', False),
        (runs.CONFIG, "[]", False),
        (runs.CHANGES, "step,key,value\n3,novelty,1\n", False),
        (runs.METRICS, None, True),
        (runs.LAST, "not a model", True),
        (runs.ABOUT, "not json", True),
    ],
)
def test_a_broken_run_is_listed_with_what_is_wrong(tmp_path, file, text, readable):
    folder = create(tmp_path)
    if text is None:
        (folder.path / file).unlink()
    else:
        (folder.path / file).write_text(text)
    row = runlist.row(folder)
    assert row.problem
    assert (row.config is not None) == readable


def test_a_folder_that_has_lost_its_settings_is_still_a_run(tmp_path):
    folder = create(tmp_path)
    (folder.path / runs.CONFIG).unlink()
    (row,) = (runlist.row(one) for one in runlist.folders(tmp_path))
    assert row.config is None
    assert "config.json" in row.problem


def test_rows_that_were_cut_short_or_go_back_are_passed_over(tmp_path):
    folder = create(tmp_path)
    score(folder, 10, 0.9)
    with (folder.path / runs.METRICS).open("a") as file:
        file.write("junk\n20,0.2\n30,0.3,1,1,1,1,1,nan,1\n")
    score(folder, 5, 0.1)
    score(folder, 40, 0.95)
    assert runlist.scores_of(folder).steps.tolist() == [10, 40]


def test_a_run_is_found_by_name_beginning_title_or_folder(tmp_path):
    first, second = create(tmp_path), create(tmp_path, datetime(2026, 2, 2))
    runservice.describe(first, title="Wide  and\nslow")
    for wanted in (first.name, "2026-01", "Wide and slow", str(first.path)):
        assert runlist.find(tmp_path, wanted) == first
    with pytest.raises(BadFile, match="could be 2 runs"):
        runlist.find(tmp_path, "2026")
    with pytest.raises(UnknownName, match=second.name):
        runlist.find(tmp_path, "2026-02-02-00000-mlp")


def test_a_title_leaves_the_note_alone_and_a_note_the_title(tmp_path):
    folder = create(tmp_path)
    for changes in ({"title": "A"}, {"note": " B\n"}, {}):
        runservice.describe(folder, **changes)
    assert folder.about() == runs.About("A", "B")
    with pytest.raises(BadInput):
        runservice.describe(folder, title="x" * 100)
    assert folder.about().title == "A"


def test_a_deleted_run_leaves_the_list_and_comes_back_whole(tmp_path):
    folder = create(tmp_path)
    score(folder, 10, 0.97)
    before = runlist.row(folder)
    runservice.delete(folder)
    assert runlist.folders(tmp_path) == []
    runservice.restore(folder)
    assert runlist.row(folder) == before
    with pytest.raises(BadInput, match="No deleted run"):
        runservice.restore(folder)


def test_what_was_deleted_long_ago_goes_for_good_with_the_next(tmp_path):
    old, new = create(tmp_path), create(tmp_path)
    runservice.delete(old)
    kept = tmp_path / runservice.DELETED / old.name
    os.utime(kept, times=(0, time.time() - 86400 * runservice.KEPT_DAYS - 60))
    runservice.delete(new)
    assert not kept.exists()
    runservice.restore(new)


def test_a_folder_that_cannot_be_moved_is_told(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(13, "Permission denied")

    folder = create(tmp_path)
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(CannotWrite, match="Permission denied"):
        runservice.delete(folder)


def test_the_service_answers_each_command(tmp_path):
    folder = create(tmp_path)
    score(folder, 10)
    key = str(folder.path)

    def ask(command):
        return [event for event in runservice.carry_out(command) if event is not None]

    assert ask(r.ListRuns(str(tmp_path)))[-1].rows[0].key == key
    (described,) = ask(r.DescribeRun(key, title="T"))
    assert described.row.title == "T"
    (read,) = ask(r.ReadRun(key))
    assert read.trace.scores.steps.tolist() == [10]
    (exported,) = ask(r.ExportRun(key, "csv", str(tmp_path / "m.csv")))
    assert Path(exported.path).read_text() == (folder.path / runs.METRICS).read_text()
    assert ask(r.DeleteRun(key)) == [r.RunDeleted(key)]
    assert ask(r.RestoreRun(key))[0].row.title == "T"
    with pytest.raises(BadFile):
        ask(r.ReadRun(str(tmp_path / "nowhere")))
