"""Kept runs by commands: what each gives, what it refuses, and what people read."""

import json
from datetime import datetime

import numpy as np
import pytest

import main
from engine import paths, runcommands, runs
from engine.checkpoint import Checkpoint, Standing
from engine.config import RunConfig
from engine.inference.network import Affine, Dense, Metadata, PackedNetwork

NETWORK = PackedNetwork(
    Metadata("run", "mlp", (1, 8, 1), ("a", "b"), "resize", "mine", seed=0),
    (Dense(np.zeros((2, 1), np.uint64), 8), Affine(np.ones(2, np.float32), np.zeros(2, np.float32))),
)


def save(folder, epoch, keep=False):
    """A checkpoint of an epoch of 10 steps, that resembles a run's."""
    arrays = {"layer0.latent": np.zeros((2, 8), np.float32)}
    state = Checkpoint(RunConfig(), 10 * epoch, epoch, 0, 2.0 * epoch, folder.name, arrays)
    contents = state.to_bytes(NETWORK)
    folder.save(contents)
    if keep:
        folder.keep(contents, epoch)


@pytest.fixture
def run():
    """A run of three epochs that has kept the first two."""
    made = runs.RunFolder.create(
        paths.runs_dir(), RunConfig(epochs=3), {"flipscope": "0"}, datetime(2026, 1, 2, 3, 4, 5)
    )
    for epoch in (1, 2, 3):
        row = dict.fromkeys(runs.METRIC_COLUMNS, 0) | {"step": 10 * epoch, "epoch": epoch, "seconds": 2 * epoch}
        made.record_score(row | {"test_accuracy": 0.9 + epoch / 100, "test_loss": 0.1})
        save(made, epoch, keep=epoch < 3)
    return made


def flipscope(capsys, *arguments):
    """The exit code and the JSON, or the error, of a command."""
    code = main.main(["runs", *arguments, "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if code == 0 else said.err


def test_list_and_show(run, capsys):
    _, record = flipscope(capsys, "list")
    (row,) = record["runs"]
    assert (row["name"], row["step"], row["accuracy"], row["problem"]) == (run.name, 30, 0.93, None)
    _, whole = flipscope(capsys, "show", "2026-01")
    assert [kept["epoch"] for kept in whole["checkpoints"]] == [1, 2, 3]
    assert [score["step"] for score in whole["scores"]] == [10, 20, 30]
    assert whole["config"]["epochs"] == 10  # of its newest save
    assert whole["versions"] == {"flipscope": "0"}


def test_a_branch_goes_on_from_a_kept_checkpoint_with_other_settings(run, capsys):
    _, record = flipscope(capsys, "branch", run.name, "--epoch", "2", "--set", "learning_rate=0.5")
    assert record["origin"] == {"run": run.name, "step": 20, "epoch": 2}
    standing = Standing.of(runs.RunFolder(paths.runs_dir() / record["run"]).last)
    assert (standing.step, standing.config.learning_rate) == (20, 0.5)
    _, newest = flipscope(capsys, "branch", run.name)
    assert newest["origin"]["epoch"] == 3


def test_export_writes_the_metrics_the_network_and_a_picture(run, capsys, tmp_path, qapp):  # noqa: ARG001
    for form, name in (("csv", "m.csv"), ("model", "m.safetensors"), ("png", "m.png")):
        _, record = flipscope(capsys, "export", run.name, "--format", form, "--out", str(tmp_path / name))
        assert record["bytes"] == (tmp_path / name).stat().st_size > 100


def test_describe_delete_restore(run, capsys):
    _, row = flipscope(capsys, "describe", run.name, "--title", "Mine", "--note", "Well.")
    assert (row["title"], row["note"]) == ("Mine", "Well.")
    assert flipscope(capsys, "delete", "Mine") == (0, {"deleted": [run.name]})
    assert flipscope(capsys, "list") == (0, {"runs": []})
    assert flipscope(capsys, "restore", run.name) == (0, {"restored": [run.name]})
    assert flipscope(capsys, "list")[1]["runs"][0]["title"] == "Mine"


def test_a_run_deleted_and_imported_again_can_be_deleted_again(run, capsys, tmp_path):
    packed = str(tmp_path / "r.zip")
    assert flipscope(capsys, "export", run.name, "--format", "zip", "--out", packed)[0] == 0
    for again in (("delete", run.name), ("import", packed), ("delete", run.name), ("restore", run.name)):
        assert flipscope(capsys, *again)[0] == 0, again
    (first,) = (paths.runs_dir() / ".deleted").iterdir()
    assert flipscope(capsys, "restore", first.name)[0] == 0
    assert len(flipscope(capsys, "list")[1]["runs"]) == 2


def test_folders_elsewhere_are_not_deleted(run, capsys, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    run.path.rename(elsewhere)
    code, said = flipscope(capsys, "delete", str(elsewhere))
    assert (code, "is not among the kept runs" in said) == (2, True)
    assert elsewhere.is_dir()


def test_nothing_is_written_over_the_run_itself(run, capsys):
    before = run.last.read_bytes()
    code, said = flipscope(capsys, "export", run.name, "--format", "model", "--out", str(run.last))
    assert (code, "a file of the run itself" in said) == (2, True)
    assert run.last.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show",), "No run is named"),
        (("show", "gone"), "There is no run 'gone'"),
        (("show", "a", "b"), "2 runs are named"),
        (("branch", "2026", "--epoch", "4"), "kept no checkpoint of epoch 4. Kept are those of epoch: 1, 2"),
        (("branch", "2026", "--set", "model=mlp-8x1"), "setting that a branch may change 'model'"),
        (("branch", "2026", "--set", "epochs"), "sets nothing"),
        (("export", "2026"), "No file is named"),
        (("export", "2026", "2026", "--out", "x.csv"), "is of one run"),
        (("export", "2026", "--out", "/nowhere/x.csv"), "could not be saved"),
        (("restore", "gone"), "No deleted run"),
        (("show", ""), "There is no run ''"),
        (("show", "x" * 300), "File name too long"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(run, capsys, arguments, said):  # noqa: ARG001
    code, error = flipscope(capsys, *arguments)
    assert code == 2
    assert said in error
    assert error.count("\n") == 1


def test_people_read_the_seed_the_versions_and_what_is_not_usual(capsys):
    config = RunConfig(optimizer="bop", adaptivity=0.02, seed=7)
    made = runs.RunFolder.create(paths.runs_dir(), config, {"flipscope": "0", "torch": "1"}, datetime(2026, 1, 2))
    assert main.main(["runs", "show", made.name]) == 0
    said = capsys.readouterr().out.splitlines()
    assert {"seed       7", "set        adaptivity=0.02", "versions   flipscope 0, torch 1"} <= set(said)
    assert sum(line.startswith("set ") for line in said) == 1


def test_people_read_lines(run, capsys):
    folder = runs.RunFolder(paths.runs_dir() / "broken")
    folder.path.mkdir()
    (folder.path / "config.json").write_text("{")
    main.main(["runs"])
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.startswith("run ")
    assert {"cannot be read" in first, "cannot be read" in second} == {True, False}
    for arguments in (
        ("show", run.name),
        ("branch", run.name),
        ("describe", run.name),
        ("delete", run.name),
        ("restore", run.name),
    ):
        assert main.main(["runs", *arguments]) == 0
        assert run.name in capsys.readouterr().out


def test_no_runs_is_said(capsys):
    main.main(["runs"])
    assert "No run is kept in" in capsys.readouterr().out
    assert list(runcommands.lines("list", {"runs": []}))
