"""Runs over their seeds: what is one group, what its figures are, and what is left out."""

import json
from datetime import datetime

import pytest

import main
from engine import paths, runcompare, runs
from engine.config import RunConfig


def made(accuracies, minute=0, **settings):
    """A run of as many epochs as accuracies are given, two seconds each."""
    began = datetime(2026, 1, 2, 3, minute)
    folder = runs.RunFolder.create(paths.runs_dir(), RunConfig(**settings), {}, began)
    for epoch, accuracy in enumerate(accuracies, 1):
        row = dict.fromkeys(runs.METRIC_COLUMNS, 0) | {"step": 10 * epoch, "epoch": epoch, "seconds": 2 * epoch}
        folder.record_score(row | {"test_accuracy": accuracy})
    return folder


def seeds(group):
    return [run["seed"] for run in group["runs"]]


def test_runs_that_differ_in_their_seeds_only_are_one_group():
    for seed, last in enumerate((0.95, 0.99)):
        made([0.5, last], seed=seed, optimizer="bop")
    for seed, last in enumerate((0.98, 0.97, 0.99)):
        made([0.5, last], seed=seed)
    adam, bop = runcompare.compared([])["groups"]  # the most accurate first
    assert (adam["settings"], bop["settings"]) == ({"optimizer": "adam"}, {"optimizer": "bop"})
    assert (seeds(adam), seeds(bop)) == ([0, 1, 2], [0, 1])
    assert adam["accuracy"] == pytest.approx({"mean": 0.98, "spread": 0.01, "least": 0.97, "most": 0.99})
    assert bop["accuracy"]["spread"] == pytest.approx(0.04 / 2**0.5)  # of a sample: n - 1
    assert bop["seconds"] == {"mean": 4, "spread": 0, "least": 4, "most": 4}


def test_the_named_runs_alone_are_compared_and_one_has_no_spread():
    first, _ = made([0.9], seed=0), made([0.8], seed=1)
    (group,) = runcompare.compared([first.name, str(first.path)])["groups"]
    assert (group["settings"], group["n"], group["accuracy"]["spread"]) == ({}, 1, None)


def test_a_live_change_a_branch_and_an_early_end_set_a_run_apart():
    made([0.9, 0.91], seed=0)
    made([0.9], seed=1)
    made([0.9, 0.92], seed=2).record_change(5, "momentum", 0.5)
    made([0.9, 0.93], seed=3).describe(runs.About(origin=runs.Origin("another", 10, 1)))
    groups = runcompare.compared([])["groups"]
    assert [group["n"] for group in groups] == [1] * 4
    assert [group["epochs"] for group in groups] == [2, 2, 2, 1]
    assert groups[0]["settings"]["branched"] == "at epoch 1"
    assert groups[1]["settings"]["changed"] == "momentum to 0.5 at step 5"


def test_runs_of_one_time_limit_are_equals_however_many_epochs_they_took():
    made([0.9, 0.9], seed=0, time_limit=3.0)
    made([0.9, 0.9, 0.9], seed=1, time_limit=3.0)
    made([0.9], seed=2, time_limit=3.0)  # was ended early
    done, early = sorted(runcompare.compared([])["groups"], key=lambda group: -group["n"])
    assert (seeds(done), done["epochs"], seeds(early)) == ([0, 1], 2.5, [2])


def test_files_of_ones_own_are_the_same_where_their_contents_are(tmp_path):
    for index, contents in enumerate((b"mine", b"mine", b"other")):
        (tmp_path / str(index)).write_bytes(contents)
        made([0.9], seed=index, extra=str(tmp_path / str(index)))
    assert sorted(map(seeds, runcompare.compared([])["groups"])) == [[0, 1], [2]]


def test_a_seed_again_and_runs_without_a_whole_score_are_left_out():
    older, newer, unscored = made([0.8]), made([0.9], minute=1), made([], seed=1)
    broken = made([0.7], seed=2)
    (broken.path / "changes.csv").write_bytes(b"\xff")
    record = runcompare.compared([])
    assert [run["name"] for run in record["groups"][0]["runs"]] == [newer.name]
    why = {run["name"]: run["why"] for run in record["left_out"]}
    assert why == {
        older.name: "seed 0 again",
        unscored.name: "it has no score, or is broken",
        broken.name: "it has no score, or is broken",
    }


def test_the_command_says_it_in_a_table_and_in_json(capsys):
    assert main.main(["runs", "compare"]) == 2
    assert "no run with a score" in capsys.readouterr().err
    for seed, (adam, bop) in enumerate(((0.98, 0.95), (0.97, 0.94))):
        made([adam], seed=seed)
        made([bop], seed=seed, optimizer="bop")
    assert main.main(["runs", "compare"]) == 0
    head, first, _ = capsys.readouterr().out.splitlines()
    assert head.split() == ["optimizer", "epochs", "runs", "accuracy", "spread", "from", "…", "to", "seconds"]
    assert first.split() == ["adam", "1", "2", "97.50", "%", "±", "0.71", "97.00", "…", "98.00", "2", "±", "0"]
    assert main.main(["runs", "compare", "--json"]) == 0
    assert [group["n"] for group in json.loads(capsys.readouterr().out)["groups"]] == [2, 2]
