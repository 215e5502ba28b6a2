"""A run in its folder: exact resume, saves that are whole or not at all, disks that refuse, files that are not ours."""

import csv
import errno
import json
import os

import numpy as np
import pytest

from engine import runlist, runs
from engine.checkpoint import Checkpoint, Standing
from engine.errors import BadFile, BadInput, FlipscopeError
from engine.files import CannotWrite
from engine.inference import modelfile
from engine.runhold import Hold, InUse
from engine.training.loop import EpochEnd, Scored, StepDone
from engine.training.session import NotSaved, Saved, Session, Stopwatch
from tests.training.tiny import NOW, Clock, config, resume, start, take

pytestmark = pytest.mark.usefixtures("data")


def losses(events):
    return [(event.step, event.result) for event in events if isinstance(event, StepDone)]


@pytest.mark.parametrize("stop_after", [3, 10, 13])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="plain"),
        pytest.param({"weights": "stochastic", "activations": "stochastic", "augmentation": "light"}, id="random"),
        pytest.param({"kind": "float", "output": "bias"}, id="float"),
        pytest.param({"optimizer": "shift-adamax", "rate_scale": "glorot", "schedule": "exponential"}, id="shift"),
        pytest.param({"optimizer": "bop", "kind": "binaryconnect"}, id="bop"),
        pytest.param({"model": "cnn-32-64-64"}, id="conv"),
    ],
)
def test_a_resumed_run_makes_the_steps_of_an_unbroken_one(tmp_path, changes, stop_after):
    whole = start(tmp_path / "a", **changes)
    events = list(whole.events())
    broken = start(tmp_path / "b", **changes)
    take(broken.events(), StepDone, stop_after)
    saved = broken.save()
    going_on = resume(saved.path, tmp_path / "b")
    rest = list(going_on.events())
    assert losses(rest) == losses(events)[stop_after:]
    scores = [[e.score.accuracy for e in part if isinstance(e, Scored)] for part in (events, rest)]
    assert scores[1] == scores[0][-len(scores[1]) :]
    ratios = [[e.flip_ratio for e in part if isinstance(e, EpochEnd)] for part in (events, rest)]
    assert ratios[1] == ratios[0][-len(ratios[1]) :]
    expected = whole.loop.state()
    for name, array in going_on.loop.state().items():
        np.testing.assert_array_equal(array, expected[name])


def test_a_changed_batch_size_survives_a_resume(tmp_path):
    run = start(tmp_path)
    events = run.events()
    take(events, StepDone, 2)
    run.tune("batch_size", "50")
    take(events, StepDone, 2)
    again = resume(run.save().path, tmp_path)
    assert list(again.folder.rows(runs.CHANGES)) == [["step", "key", "value"], ["2", "batch_size", "50"]]
    assert losses(again.events()) == losses(events)


def test_the_folder_tells_the_whole_run(tmp_path):
    run = start(tmp_path)
    said = list(run.events())
    folder = run.folder.path
    assert json.loads((folder / "config.json").read_text()) == config().to_json()
    assert {"flipscope", "torch", "numpy"} <= json.loads((folder / "versions.json").read_text()).keys()
    with (folder / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["10", "20"]
    scored = [event for event in said if isinstance(event, Scored)]
    assert [float(row["test_accuracy"]) for row in rows] == [event.score.accuracy for event in scored]
    steps = [event for event in said if isinstance(event, StepDone)]
    assert sum(int(row["flips"]) for row in rows) == sum(sum(step.result.flips) for step in steps)
    assert {path.name for path in folder.iterdir()} == {
        "config.json",
        "versions.json",
        "changes.csv",
        "metrics.csv",
        "checkpoint-00001.safetensors",
        "checkpoint-00002.safetensors",
        "curves.safetensors",
        "last.safetensors",
    }
    assert modelfile.load(folder / "last.safetensors").metadata.accuracy == scored[-1].score.accuracy
    row = runlist.row(run.folder)
    assert (row.config, row.saved, row.problem) == (config(), str(run.folder.last), "")
    assert row.accuracy == row.curve[-1] == pytest.approx(scored[-1].score.accuracy)
    assert (row.step, row.epoch) == (20, 2)


def test_two_runs_of_one_second_have_two_folders(tmp_path):
    assert start(tmp_path).folder.name + "-2" == start(tmp_path).folder.name
    assert [runlist.row(folder).saved for folder in runlist.folders(tmp_path)] == ["", ""]


def test_an_epoch_is_saved_when_ten_seconds_have_passed(tmp_path):
    def saves(tick):
        run = start(tmp_path, Clock(tick), epochs=7, batch_size=300)
        return [event.epoch for event in run.events() if isinstance(event, Saved)]

    assert saves(tick=1e-4) == [1, 2, 4, 7]
    assert saves(tick=10.0) == [1, 2, 3, 4, 5, 6, 7]


def test_resuming_the_newest_save_stays_in_its_folder_and_forgets_later_rows(tmp_path):
    run = start(tmp_path)
    list(run.events())
    first = run.folder.path / "checkpoint-00001.safetensors"
    (run.folder.path / "last.safetensors").write_bytes(first.read_bytes())
    half = run.folder.path / ".last.safetensors-0123abcd.part"
    half.write_bytes(b"of a writer that was killed")
    os.utime(half, (0, 0))
    again = resume(run.folder.last, tmp_path)
    assert again.folder == run.folder
    assert not half.exists()
    assert [row[0] for row in again.folder.rows(runs.METRICS)] == ["step", "10"]


def test_a_branch_goes_on_exactly_says_whence_it_came_and_has_that_past(tmp_path):
    run = start(tmp_path)
    events = list(run.events())
    branch = resume(run.folder.path / "checkpoint-00001.safetensors", tmp_path)
    assert branch.folder != run.folder
    assert branch.folder.about().origin == runs.Origin(run.folder.name, 10, 1)
    assert [row[0] for row in branch.folder.rows(runs.METRICS)] == ["step", "10"]
    assert losses(branch.events()) == losses(events)[10:]
    tables = [[row[:2] + row[3:] for row in one.folder.rows(runs.METRICS)] for one in (run, branch)]  # but the seconds
    assert tables[0] == tables[1]
    for name, array in run.folder.curves(20).to_arrays().items():
        np.testing.assert_array_equal(array, branch.folder.curves(20).to_arrays()[name])
    assert modelfile.load(branch.folder.last).metadata.name == branch.folder.name


def test_a_branch_may_be_made_of_the_newest_save_and_changes_nothing_there(tmp_path):
    run = start(tmp_path, epochs=1)
    list(run.events())
    before = {path.name: path.read_bytes() for path in run.folder.path.iterdir()}
    branch = resume(run.folder.last, tmp_path, config=config(epochs=2), apart=True)
    list(branch.events())
    assert before == {path.name: path.read_bytes() for path in run.folder.path.iterdir()}
    assert Standing.of(branch.folder.last).epoch == 2


def test_the_curves_of_a_run_are_those_of_its_steps(tmp_path):
    run = start(tmp_path)
    steps = [event for event in run.events() if isinstance(event, StepDone)]
    curves = run.folder.curves(20)
    _, low, high = curves.get(0, 0, 20, 99)
    assert low.tolist() == high.tolist() == [np.float32(step.result.loss) for step in steps]
    trace = runlist.read(run.folder).trace
    weights = sum(curves.weights)
    assert trace.flips == pytest.approx([sum(step.result.flips) / weights for step in steps], rel=1e-6)


def test_a_resumed_run_may_be_given_more_epochs_but_no_other_model(tmp_path):
    run = start(tmp_path, epochs=1)
    list(run.events())
    longer = resume(run.folder.last, tmp_path, config=config(epochs=2))
    assert take(longer.events(), StepDone, 1)[0].step == 11
    with pytest.raises(BadInput, match="model 'mlp-32x2'"):
        resume(run.folder.last, tmp_path, config=config(model="mlp-64x2"))


def refuse(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_and_the_run_and_the_last_save_stay(tmp_path, monkeypatch):
    run = start(tmp_path, Clock(4.0), epochs=3)
    events = run.events()
    take(events, Saved, 1)
    before = run.folder.last.read_bytes()
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        (told,) = take(events, NotSaved, 1)
    assert "Free some space" in told.error.remedy
    assert run.folder.last.read_bytes() == before
    assert not list(run.folder.path.glob(".*"))
    assert run.unsaved
    (saved,) = take(events, Saved, 1)  # tried again in the middle of an epoch
    assert (2 < saved.epoch < 3, run.unsaved) == (True, False)


def test_rows_that_a_full_disk_refuses_are_written_whole_when_it_takes_them(tmp_path, monkeypatch):
    run = start(tmp_path, Clock(4.0), epochs=3)
    with monkeypatch.context() as full:
        full.setattr(runs.RunFolder, "_append", refuse_row)
        run.tune("learning_rate", 0.002)
        events = run.events()
        (told,) = take(events, NotSaved, 1)
        assert "full" in told.error.what
        take(events, Scored, 1)
    list(events)
    assert [row[0] for row in list(run.folder.rows(runs.METRICS))[1:]] == ["10", "20", "30"]
    assert [row[1] for row in list(run.folder.rows(runs.CHANGES))[1:]] == ["learning_rate"]
    assert not run.unsaved


def refuse_row(*_):
    raise CannotWrite("The disk is full.", "Free some space.")


def test_a_save_is_announced_although_no_room_is_left_for_its_copy(tmp_path, monkeypatch):
    run = start(tmp_path, Clock(4.0), epochs=1)

    def no_room(*_):
        raise CannotWrite("No space left.", "Free some space on the disk and save again.")

    monkeypatch.setattr(runs.RunFolder, "keep", no_room)
    (told,) = take(run.events(), NotSaved, 1)
    assert (told.saved.step, told.saved.path) == (10, run.folder.last)
    assert resume(told.saved.path, tmp_path).loop.place.step == 10


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(runs.CannotWrite, match="No run folder"):
        start(tmp_path / "file")


@pytest.mark.parametrize("changes", [{"device": "cuda"}, {"model": "gpt"}])
def test_what_cannot_be_trained_leaves_no_folder(tmp_path, changes):
    with pytest.raises(FlipscopeError):
        start(tmp_path / "runs", **changes)
    assert not (tmp_path / "runs").exists()


def test_a_setting_changed_at_rest_is_worth_a_save(tmp_path):
    run = start(tmp_path)
    assert not run.unsaved
    run.tune("learning_rate", 0.002)
    assert run.unsaved
    assert resume(run.save().path, tmp_path).loop.config.learning_rate == 0.002
    assert not run.unsaved


def test_a_save_that_dies_half_way_leaves_the_old_one(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    run = start(tmp_path)
    events = run.events()
    take(events, Saved, 1)
    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(Killed):
        run.save()
    monkeypatch.undo()
    assert Checkpoint.load(run.folder.last).step == 10


def edited(path, change):
    """The training state of a file, changed, as another file."""
    arrays, extra = modelfile.load_state(path)
    change(arrays, extra)
    modelfile.save(path.with_name("edited.safetensors"), modelfile.load(path), arrays, extra)
    return path.with_name("edited.safetensors")


@pytest.mark.parametrize(
    "change",
    [
        lambda a, _: a.pop("layer1.latent.m"),
        lambda a, _: a.update({"layer0.gamma": a["layer0.gamma"].astype(np.float64)}),
        lambda a, _: a.update({"layer0.latent": a["layer0.latent"][:, 1:]}),
        lambda _, e: e.pop("config"),
        lambda _, e: e.update(step=-1),
        lambda _, e: e.update(step=True),
        lambda _, e: e.update(position=600),
        lambda _, e: e.update(seconds="long"),
        lambda _, e: e["config"].update(model="mlp-64x2"),
        lambda _, e: e["config"].update(model="gpt"),
        lambda _, e: e["config"].update(novelty=1),
        lambda _, e: e["config"].update(epochs=0),
    ],
)
def test_a_state_that_is_not_of_such_a_run_is_refused(tmp_path, change):
    run = start(tmp_path, epochs=1)
    take(run.events(), Saved, 1)
    with pytest.raises(BadFile):
        resume(edited(run.folder.last, change), tmp_path)


def test_a_model_without_a_training_state_is_refused(tmp_path):
    run = start(tmp_path)
    modelfile.save(tmp_path / "net.safetensors", run.loop.network())
    with pytest.raises(BadFile, match="no training state"):
        resume(tmp_path / "net.safetensors", tmp_path)


def test_the_stopwatch_stands_still_in_pauses():
    clock = Clock(tick=0)
    watch = Stopwatch(clock, 5.0)
    clock.now = 2
    watch.run()
    clock.now = 3
    watch.run()
    assert watch.seconds() == 6
    watch.stop()
    clock.now = 50
    watch.stop()
    watch.run()
    clock.now = 51
    assert watch.seconds() == 7


def test_a_run_is_gone_on_with_by_one_at_a_time(tmp_path):
    run = start(tmp_path)
    run.save()
    with pytest.raises(InUse):
        Session.resume(run.folder.last, tmp_path, Clock(), NOW)
    apart = Session.resume(run.folder.last, tmp_path, Clock(), NOW, apart=True)
    assert apart.folder != run.folder
    apart.close()
    run.close()
    Session.resume(run.folder.last, tmp_path, Clock(), NOW).close()


def test_a_save_that_cannot_be_gone_on_with_is_not_held(tmp_path):
    run = start(tmp_path)
    run.folder.save(b"no model")
    run.close()
    with pytest.raises(BadFile):
        Session.resume(run.folder.last, tmp_path, Clock(), NOW)
    Hold(run.folder).release()
