"""Training from the command line, on a small piece of MNIST."""

import signal
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadInput, FlipscopeError
from engine.files import CannotWrite
from engine.inference import commands as inference
from engine.inference import modelfile
from engine.training import commands
from tests.training.tiny import config

pytestmark = pytest.mark.usefixtures("data")


def test_the_record_has_what_is_promised(tmp_path):
    lines = []
    out = tmp_path / "m.safetensors"
    record = commands.train(config(), out, runs_dir=tmp_path / "runs", on_progress=lines.append)
    assert record["model"] == str(out)
    assert (record["epochs"], record["steps"]) == (2, 20)
    assert record["seconds"] > 0
    assert record["steps_per_second"] == pytest.approx(20 / record["seconds"])
    assert [row["layer"] for row in record["flip_ratio"]] == ["hidden 1", "hidden 2", "output"]
    assert all(0 <= row["last_epoch"] <= 1 for row in record["flip_ratio"])
    assert "interrupted" not in record
    assert lines
    assert modelfile.load(out).metadata.accuracy == record["test_accuracy"]
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "last.safetensors").read_bytes() == out.read_bytes()


def test_the_same_seed_gives_the_same_network(tmp_path):
    networks = []
    for name in "ab":
        commands.train(config(), tmp_path / name, runs_dir=tmp_path / "runs")
        networks.append(modelfile.load(tmp_path / name))
    for one, other in zip(networks[0].layers(), networks[1].layers(), strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_saves_and_a_resumed_run_ends_as_an_unbroken_one(tmp_path, told):
    handler = signal.getsignal(told)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    expected = commands.train(config(), whole, runs_dir=tmp_path / "runs")

    def press(_):
        signal.raise_signal(told)

    record = commands.train(config(), broken, runs_dir=tmp_path / "runs", on_progress=press)
    assert record["interrupted"]
    assert record["steps"] == 1
    assert record["test_accuracy"] is not None
    assert signal.getsignal(told) is handler
    settings = commands.saved_settings(broken)
    assert settings == config()
    resumed = commands.train(settings, broken, resume=broken, runs_dir=tmp_path / "runs")
    assert resumed["steps"] == 19
    assert resumed["test_accuracy"] == expected["test_accuracy"]
    arrays = [modelfile.load_state(path)[0] for path in (whole, broken)]
    for name, array in arrays[0].items():
        np.testing.assert_array_equal(array, arrays[1][name])


def test_an_epoch_that_was_interrupted_after_its_last_step_is_scored_and_its_checkpoint_kept(tmp_path, monkeypatch):
    whole = commands.train(config(), tmp_path / "whole", runs_dir=tmp_path / "a")

    def press(report, event):
        tell(report, event)
        if event.step == 10:  # the last of the first epoch
            signal.raise_signal(signal.SIGINT)

    tell = commands._Report._tell
    monkeypatch.setattr(commands._Report, "_tell", press)
    broken = commands.train(config(), tmp_path / "broken", runs_dir=tmp_path / "b")
    assert (broken["interrupted"], broken["steps"], broken["epochs"]) == (True, 10, 1.0)
    assert broken["test_accuracy"] == modelfile.load(broken["model"]).metadata.accuracy
    commands.train(
        config(), tmp_path / "broken", resume=Path(broken["run"], "last.safetensors"), runs_dir=tmp_path / "b"
    )
    names = [sorted(file.name for file in Path(run).iterdir()) for run in (whole["run"], broken["run"])]
    assert names[0] == names[1]
    rows = [
        [line.split(",")[0] for line in Path(run, "metrics.csv").read_text().splitlines()]
        for run in (whole["run"], broken["run"])
    ]
    assert rows[0] == rows[1]


def test_an_interrupted_run_tells_the_score_of_its_last_weights(tmp_path, monkeypatch):
    def press(_report, event):
        if event.step == 15:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(commands._Report, "_tell", press)
    record = commands.train(config(), tmp_path / "m", runs_dir=tmp_path / "runs")
    assert record["steps"] == 15
    scored = inference.evaluate(str(tmp_path / "m"), backend="naive")
    assert record["test_accuracy"] == scored["backends"]["naive"]["accuracy"]


def test_a_save_is_resumed_by_its_name_alone_as_the_run_it_is(tmp_path, monkeypatch):
    record = commands.train(config(epochs=1), runs_dir=tmp_path / "runs")
    monkeypatch.chdir(record["run"])
    again = commands.train(config(), resume="last.safetensors", runs_dir=tmp_path / "runs")
    assert Path(again["run"]) == Path(record["run"])
    assert modelfile.load("last.safetensors").metadata.name == Path(record["run"]).name


def test_another_model_cannot_be_resumed_into(tmp_path):
    commands.train(config(epochs=1), tmp_path / "m", runs_dir=tmp_path / "runs")
    with pytest.raises(BadInput, match="cannot become"):
        commands.train(config(seed=4), resume=tmp_path / "m", runs_dir=tmp_path / "runs")


def test_an_out_file_that_cannot_be_written_is_told_before_training(tmp_path):
    for out, said in ((tmp_path / "nowhere" / "m", "nowhere"), (tmp_path, "a folder"), (".", "a folder")):
        with pytest.raises(CannotWrite, match=said):
            commands.train(config(epochs=1), out, runs_dir=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_disk_that_is_full_at_the_end_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.training.session.write_atomically", refuse)
    with pytest.raises(CannotWrite, match=r"full.*The run is in"):
        commands.train(config(epochs=1), tmp_path / "m", runs_dir=tmp_path / "runs")


def refuse(*_):
    raise CannotWrite("The disk is full.", "Free some space.")


def test_a_loss_that_runs_away_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.training.norms.EPSILON", float("nan"))
    with pytest.raises(FlipscopeError, match="no longer a number"):
        commands.train(config(), runs_dir=tmp_path / "runs")
