"""A clock that is set back, or was wrong: runs keep their names, their order by name, and the days of a deleted one."""

import os
from datetime import datetime

from app import run_words
from engine import runlist, runservice
from engine.config import RunConfig
from engine.runs import RunFolder

NOON = datetime(2026, 3, 1, 12, 0, 0)
BEFORE = datetime(2026, 3, 1, 11, 0, 0)


def test_an_hour_that_comes_twice_makes_no_run_twice(tmp_path):
    made = [RunFolder.create(tmp_path, RunConfig(), {}, moment) for moment in (BEFORE, NOON, BEFORE)]
    assert len({folder.name for folder in made}) == 3
    assert [folder.name for folder in runlist.folders(tmp_path)] == [made[1].name, made[2].name, made[0].name]


def test_what_was_deleted_in_the_future_is_kept(tmp_path):
    folder = RunFolder.create(tmp_path, RunConfig(), {}, NOON)
    runservice.delete(folder)
    (kept,) = (tmp_path / runservice.DELETED).iterdir()
    os.utime(kept, (4e9, 4e9))
    runservice.purge(tmp_path, NOON.timestamp())
    runservice.restore(folder)
    assert folder.path.is_dir()


def test_a_run_of_the_future_has_a_date():
    assert run_words.when(NOON.timestamp(), BEFORE.timestamp()) == "today 12:00"
    assert run_words.when(NOON.timestamp() + 5e7, BEFORE.timestamp()).endswith("2027")
