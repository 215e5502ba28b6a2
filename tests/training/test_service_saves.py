"""What the trainer's service saves, and how runs are stopped, replaced, opened again and kept from a full disk."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from engine import messages as m
from engine.curves import Curves
from engine.files import CannotWrite
from engine.inference import modelfile
from engine.runs import RunFolder
from tests.training.stage import Stage, begin

pytestmark = pytest.mark.usefixtures("data")


def test_stop_saves_and_the_run_goes_on_from_there(tmp_path):
    stage = Stage().acknowledging()
    stage.answer(lambda event: [m.StopRun()] if isinstance(event, m.Frame) and event.step == 4 else None)
    stage.play(begin(tmp_path))
    saved = stage.of(m.Saved)[-1]
    assert [event.state for event in stage.of(m.RunState)][-2:] == ["saving", "stopped"]
    again = Stage()
    again.play(m.ContinueRun(saved.path))
    assert again.of(m.RunStarted)[0].step == saved.step < 10
    assert again.of(m.RunStarted)[0].run == stage.of(m.RunStarted)[0].run
    assert [event.step for event in again.of(m.Scored)] == [10, 20]


def test_a_run_that_is_opened_again_tells_its_past_and_rests(tmp_path):
    first = Stage().acknowledging()
    first.play(begin(tmp_path))
    saved = first.of(m.Saved)[-1]
    again = Stage()
    again.answer(lambda event: [m.Shutdown()] if isinstance(event, m.Frame) else None)
    again.worker.post(m.ContinueRun(saved.path, paused=True))
    again.worker.run()
    started, past, snapshot, state, frame = again.heard[:5]
    assert (started.run, started.step, state.state) == (saved.run, 20, "paused")
    assert [scored.accuracy for scored in past.scores] == pytest.approx([s.accuracy for s in first.of(m.Scored)])
    seen = np.concatenate([one.scalars.loss for one in first.of(m.Frame)])
    assert np.array_equal(Curves.from_arrays(past.curves).get(0, 0, 99, 99)[1], seen)
    assert modelfile.load(snapshot.data).metadata.name == saved.run
    assert len(frame.layers) == 3


def test_a_run_without_readable_past_goes_on(tmp_path):
    first = Stage().acknowledging()
    first.play(begin(tmp_path, epochs=1))
    saved = first.of(m.Saved)[-1]
    folder = Path(saved.path).parent
    (folder / "metrics.csv").write_text("step\n")
    (folder / "curves.safetensors").write_text("junk")
    again = Stage()
    again.answer(lambda event: [m.Shutdown()] if isinstance(event, m.Frame) else None)
    again.worker.post(m.ContinueRun(saved.path, paused=True, apart=True))
    again.worker.run()
    assert again.of(m.RunStarted)[0].folder != str(folder)
    assert again.of(m.RunPast)[0].scores == ()


def test_a_run_that_is_replaced_or_shut_down_is_saved(tmp_path):
    stage = Stage().acknowledging()
    stage.answer(lambda event: [m.Shutdown()] if isinstance(event, m.Frame) and event.step > 3 else None)
    stage.play(begin(tmp_path))
    (folder,) = tmp_path.iterdir()
    assert modelfile.load_state(folder / "last.safetensors")[1]["step"] >= 3


def test_a_full_disk_is_told_while_training_goes_on(tmp_path, monkeypatch):
    stage = Stage(tick=0.5)
    real = os.fsync

    def rule(event):
        if isinstance(event, m.Scored) and event.step == 10:
            monkeypatch.setattr(os, "fsync", refuse)
        if isinstance(event, m.NotSaved):
            monkeypatch.setattr(os, "fsync", real)

    stage.answer(rule)
    stage.play(begin(tmp_path))
    (told,) = stage.of(m.NotSaved)
    assert "Free some space" in told.remedy
    assert not [event for event in stage.of(m.RunState) if event.why]
    assert stage.of(m.Saved)[-1].epoch == 2


def test_a_run_whose_last_save_is_refused_rests_until_it_is_taken(tmp_path, monkeypatch):
    stage = Stage()
    real = os.fsync

    def rule(event):
        if isinstance(event, m.RunState) and event.state == "evaluating":
            monkeypatch.setattr(os, "fsync", refuse)
        if isinstance(event, m.RunState) and event.why:
            monkeypatch.setattr(os, "fsync", real)
            return [m.Resume("run")]
        return None

    stage.answer(rule)
    stage.play(begin(tmp_path, epochs=1))
    rested = [event for event in stage.of(m.RunState) if event.why]
    assert rested[0].state == "paused"
    assert "Free some space" in rested[0].why
    assert stage.of(m.Saved)
    assert stage.of(m.RunState)[-1].state == "finished"


def test_a_run_left_behind_unsaved_is_kept_elsewhere(tmp_path, monkeypatch):
    stage = Stage()
    monkeypatch.setattr("engine.training.session.tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(RunFolder, "save", no_room)

    def rule(event):
        return [m.Shutdown()] if isinstance(event, m.RunState) and event.why else None

    stage.answer(rule)
    stage.play(begin(tmp_path / "runs", epochs=1))
    (kept,) = tmp_path.glob("*.safetensors")
    assert modelfile.load_state(kept)[1]["step"] == 10


def no_room(*_):
    raise CannotWrite("The disk is full.", "Free some space.")


def refuse(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
