"""The trainer's service in a worker of this process: credit of one, telemetry, tuning, rests."""

from pathlib import Path

import numpy as np
import pytest

from engine import bits
from engine import messages as m
from engine.inference import modelfile
from engine.runhold import Hold
from engine.runs import RunFolder
from engine.training.loop import Loop
from engine.training.telemetry import FRAME_EVERY
from tests.training.stage import Stage, begin

pytestmark = pytest.mark.usefixtures("data")


def test_a_whole_run_is_told(tmp_path):
    stage = Stage().acknowledging()
    heard = stage.play(begin(tmp_path))
    started = heard[0]
    assert isinstance(started, m.RunStarted)
    assert started.layers == (("hidden 1", 32, 784), ("hidden 2", 32, 32), ("output", 10, 32))
    assert (started.step, started.steps_per_epoch, started.train_images) == (0, 10, 600)
    assert [event.state for event in stage.of(m.RunState)] == ["running", "evaluating"] * 2 + ["running", "finished"]
    assert [event.step for event in stage.of(m.Scored)] == [10, 20]
    assert [event.epoch for event in stage.of(m.Saved)] == [1, 2]
    for snapshot, scored in zip(stage.of(m.Snapshot), stage.of(m.Scored), strict=True):
        assert modelfile.load(snapshot.data).metadata.accuracy == scored.accuracy
    assert heard[-1] == m.Done("run")
    assert not [event for event in heard if isinstance(event, m.Failed | m.Crashed)]


def test_a_run_of_convolutions_is_told(tmp_path):
    stage = Stage().acknowledging()
    watch = m.Watch(1, 63, 287)
    stage.answer(lambda event: [watch] if isinstance(event, m.RunStarted) else None)
    stage.play(begin(tmp_path, model="cnn-32-64-64", epochs=1))
    assert not stage.of(m.Failed) + stage.of(m.Crashed)
    layers = stage.of(m.RunStarted)[0].layers
    assert layers == (("hidden 1", 32, 25), ("hidden 2", 64, 288), ("hidden 3", 64, 576), ("output", 10, 3136))
    last = stage.of(m.Frame)[-1]
    assert [layer.signs.shape for layer in last.layers] == [(32, 1), (64, 5), (64, 9), (10, 49)]
    assert all(layer.preactivation_histogram.sum() > 0 for layer in last.layers)
    assert sum(len(frame.watch.step) for frame in stage.of(m.Frame) if frame.watch is not None) > 1
    network = modelfile.load(stage.of(m.Snapshot)[-1].data)
    for layer, product in zip(last.layers, network.layers(), strict=True):
        rows = bits.unpack(product.weights, getattr(product, "channels", product.inputs))
        np.testing.assert_array_equal(layer.signs, bits.pack(rows.reshape(product.outputs, -1)))


def test_curves_lose_nothing_and_pictures_add_up(tmp_path):
    stage = Stage().acknowledging()
    stage.play(begin(tmp_path))
    frames = stage.of(m.Frame)
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    steps = np.concatenate([frame.scalars.step for frame in frames])
    np.testing.assert_array_equal(steps, np.arange(1, 21))
    flips = np.concatenate([frame.scalars.flips for frame in frames])
    assert flips.shape == (20, 3)
    pictured = [frame.layers for frame in frames if frame.layers]
    assert 1 < len(pictured) < len(frames)
    for i in range(3):
        size = pictured[0][i].outputs * pictured[0][i].inputs
        total = sum(layers[i].flips for layers in pictured)
        assert total == round(float(flips[:, i].sum(dtype=float)) * size)
        assert all(layers[i].flips == layers[i].tile_flips.sum() for layers in pictured)
    last = frames[-1].layers
    network = modelfile.load(stage.of(m.Snapshot)[-1].data)
    for layer, dense in zip(last, network.layers(), strict=True):
        np.testing.assert_array_equal(layer.signs, dense.weights)


def test_without_an_answer_one_frame_is_sent_and_the_rest_waits(tmp_path):
    stage = Stage()
    stage.answer(lambda event: [m.Ack(-1)] if isinstance(event, m.RunStarted) else None)
    stage.play(begin(tmp_path))
    first, last = stage.of(m.Frame)
    assert len(first.scalars.step) + len(last.scalars.step) == 20
    assert last.layers


def test_an_answer_to_an_older_frame_gives_no_credit(tmp_path):
    stage = Stage()
    stage.answer(lambda event: [m.Ack(-1)] if isinstance(event, m.RunStarted | m.Frame) else None)
    stage.play(begin(tmp_path))
    assert len(stage.of(m.Frame)) == 2


def test_a_hidden_page_gets_curves_only(tmp_path):
    stage = Stage().acknowledging(layers=False)
    stage.play(begin(tmp_path))
    *frames, last = stage.of(m.Frame)
    assert len(frames) > 2
    assert not any(frame.layers for frame in frames)
    assert last.layers


@pytest.mark.parametrize("tick", [0.001, 0.0015, 0.02])
def test_frames_and_pictures_keep_their_distance(tmp_path, tick):
    stage = Stage(tick).acknowledging()
    times = []
    stage.answer(
        lambda event: times.append((stage.clock.now, bool(event.layers))) if isinstance(event, m.Frame) else None
    )
    stage.play(begin(tmp_path, epochs=12))
    whole, pictures = np.array([t for t, _ in times[:-1]]), np.array([t for t, heavy in times[:-1] if heavy])
    step = 8 * tick
    apart, whole_step = np.diff(whole), step / (len(whole) - 1)
    assert apart.min() >= FRAME_EVERY - step
    assert FRAME_EVERY - whole_step <= apart.mean() <= max(FRAME_EVERY + whole_step, 1.1 * step)
    assert np.diff(pictures).min() >= 0.1


def test_the_watched_weight_is_seen_at_every_step(tmp_path):
    stage = Stage().acknowledging()
    watch = m.Watch(1, 3, 5)
    stage.answer(lambda event: [watch] if isinstance(event, m.RunStarted) else None)
    stage.play(begin(tmp_path, paused=True), m.Resume("run"))
    traces = [frame.watch for frame in stage.of(m.Frame) if frame.watch is not None]
    assert {(trace.layer, trace.row, trace.column) for trace in traces} == {(1, 3, 5)}
    np.testing.assert_array_equal(np.concatenate([trace.step for trace in traces]), np.arange(21))
    latents = np.concatenate([trace.latent for trace in traces])
    assert (latents[0] >= 0) == bits.unpack(stage.of(m.Frame)[0].layers[1].signs, 32)[3, 5]
    signs = latents >= 0
    assert traces[-1].flips == np.count_nonzero(signs[1:] != signs[:-1])


def test_a_watched_weight_of_bop_shows_its_momentum_and_counts_its_own_flips(tmp_path):
    stage = Stage().acknowledging()
    stage.answer(lambda event: [m.Watch(2, 3, 5)] if isinstance(event, m.RunStarted) else None)
    changes = {"optimizer": "bop", "adaptivity": 0.5, "schedule": "constant", "flip_threshold": 1e-4}
    stage.play(begin(tmp_path, paused=True, **changes), m.Resume("run"))
    traces = [frame.watch for frame in stage.of(m.Frame) if frame.watch is not None]
    shown = np.concatenate([trace.latent for trace in traces])
    weight, flips = bits.unpack(stage.of(m.Frame)[0].layers[2].signs, 32)[3, 5], 0
    for value in shown[1:]:
        insists = value < -1 if weight else value > 1
        weight, flips = weight ^ insists, flips + insists
    assert traces[-1].flips == flips > 0


def test_a_weight_watched_at_rest_tells_its_value_at_once(tmp_path):
    stage = Stage().answer(lambda event: [m.Watch(0, 1, 2)] if getattr(event, "state", "") == "paused" else None)
    stage.answer(lambda event: [m.Resume("run")] if isinstance(event, m.Frame) and event.watch else None)
    stage.play(begin(tmp_path, paused=True, epochs=1))
    trace = next(frame.watch for frame in stage.of(m.Frame) if frame.watch is not None)
    assert (trace.step.tolist(), trace.flips) == ([0], 0)


def test_a_weight_of_a_finished_run_can_still_be_watched(tmp_path):
    stage = Stage().answer(lambda event: [m.Watch(0, 1, 2)] if getattr(event, "state", "") == "finished" else None)
    stage.answer(lambda event: [m.Shutdown()] if isinstance(event, m.Frame) and event.watch else None)
    stage.worker.post(begin(tmp_path, epochs=1))
    stage.worker.run()
    assert stage.of(m.Frame)[-1].watch.step.tolist() == [10]


def test_nothing_is_watched_outside_the_layers(tmp_path):
    stage = Stage()
    wrong = [m.Watch(3, 0, 0), m.Watch(0, 32, 0), m.Watch(0, 0, 784), m.Watch(1, 0, -1)]
    stage.play(begin(tmp_path), *wrong, m.Watch(0, -1, 0))
    assert [event.command for event in stage.of(m.Failed)] == ["Watch"] * 4


def test_a_live_change_is_told_and_takes_effect(tmp_path):
    stage = Stage()
    heard = stage.play(begin(tmp_path), m.Tune("epochs", "1"), m.Tune("model", "mlp-1024x3"))
    (tuned,) = stage.of(m.Tuned)
    assert (tuned.key, tuned.value, tuned.config.epochs) == ("epochs", 1, 1)
    (refused,) = stage.of(m.Failed)
    assert "live setting" in refused.what
    assert [event.step for event in heard if isinstance(event, m.Scored)] == [10]


def test_commands_without_a_run_are_refused(tmp_path):
    stage = Stage()
    stage.play(m.StopRun(), m.Tune("epochs", 3), m.Watch(0, 0, 0), m.Ack(0), begin(tmp_path, epochs=1))
    assert [event.command for event in stage.of(m.Failed)] == ["StopRun", "Tune"]


def test_a_run_begun_at_rest_shows_itself_and_steps_once(tmp_path):
    stage = Stage()
    rests = iter([[m.StepOnce("run")], [m.StepOnce("run")], [m.Resume("run"), m.StopRun()]])
    stage.answer(lambda event: next(rests) if isinstance(event, m.Frame) and stage.resting() else None)
    stage.resting = lambda: stage.of(m.RunState)[-1].state == "paused"
    heard = stage.play(begin(tmp_path, paused=True))
    assert isinstance(heard[0], m.RunStarted)
    frames = stage.of(m.Frame)
    assert [frame.step for frame in frames[:3]] == [0, 1, 2]
    assert all(frame.layers for frame in frames)
    assert [event.state for event in stage.of(m.RunState)][:3] == ["paused"] * 3
    assert stage.of(m.RunState)[-1].state == "stopped"


def test_a_run_that_was_paused_within_a_step_steps_once(tmp_path, monkeypatch):
    stage = Stage()
    step = Loop._step

    def paused_within(loop):
        done = step(loop)
        if done.step == 5:
            stage.worker.post(m.Pause("run"))
        return done

    monkeypatch.setattr(Loop, "_step", paused_within)
    rests = iter([[m.StepOnce("run")], [m.StepOnce("run")], [m.Resume("run"), m.StopRun()]])
    stage.resting = lambda: stage.of(m.RunState) and stage.of(m.RunState)[-1].state == "paused"
    stage.answer(lambda event: next(rests) if isinstance(event, m.Frame) and stage.resting() else None)
    stage.play(begin(tmp_path))
    assert [frame.step for frame in stage.of(m.Frame)[:3]] == [5, 6, 7]


def test_pauses_do_not_count_as_training_time(tmp_path):
    stage = Stage(tick=0)

    def rule(event):
        if isinstance(event, m.RunState) and event.state == "paused":
            stage.clock.now += 1000
            return [m.Resume("run")]
        return None

    stage.answer(rule)
    stage.play(begin(tmp_path, epochs=1), m.Pause("run"))
    assert stage.of(m.Frame)[-1].time < 1


def test_a_loss_that_is_not_a_number_rests_the_run_and_points_to_the_layer(tmp_path):
    stage = Stage().acknowledging()

    def rule(event):
        if isinstance(event, m.Frame) and 0 < event.step < 5:
            stepper = stage.service._run._session.loop.stepper
            arrays = stepper.state()
            arrays["layer1.gamma"][:] = np.nan
            stepper.load(arrays)
        if isinstance(event, m.RunState) and event.why:
            return [m.Resume("run"), m.StopRun()]
        return None

    stage.answer(rule)
    stage.play(begin(tmp_path))
    (why,) = {event.why for event in stage.of(m.RunState) if event.why}
    assert "'gamma' of layer 'hidden 2'" in why
    assert not stage.of(m.Saved)
    assert stage.heard[-1] == m.Done("run")


FLOATS = ["torch", "onednn"]


@pytest.mark.parametrize(
    "command",
    [m.PeerProduct(method, 1, (3, 5, 70)) for method in (*FLOATS, "int8")]
    + [m.PeerNetwork(method, 1, (20, 8, 3), 2) for method in FLOATS]
    + [m.PeerConv(method, 1, 4, 5, 6, 2) for method in (*FLOATS, "channels-last")]
    + [m.PeerTraining(method, 1, "mlp-9-8", (1, 20, 1), 4, 5) for method in ("plain", "ours", "alone")]
    + [m.PeerTraining(method, 1, "resnet-4-5x1", (8, 8, 1), 4, 5) for method in ("plain", "ours")],
)
def test_peers_take_turns(command):
    stage = Stage()
    stage.answer(lambda _: [m.Shutdown()] if len(stage.of(m.PeerTime)) == 2 else None)
    stage.play(command, command)
    assert [event.method for event in stage.of(m.PeerTime)] == [command.method] * 2
    assert all(event.seconds > 0 for event in stage.of(m.PeerTime))


def test_an_unknown_method_or_command_is_refused():
    stage = Stage()
    stage.answer(lambda _: [m.Shutdown()] if len(stage.of(m.Failed)) == 3 else None)
    stage.play(m.ListBackends(), m.PeerProduct("cublas", 1, (1, 1, 1)), m.PeerNetwork("int8", 1, (4, 2), 1))
    assert [event.command for event in stage.of(m.Failed)] == ["ListBackends", "PeerProduct", "PeerNetwork"]


def test_a_model_trained_on_with_drawings_is_a_run_as_any_other(tmp_path, data):
    drawn, labels = data.test_images[:6, :, :, 0], data.test_labels[:6]
    np.savez(tmp_path / "mine.npz", images=drawn, labels=labels, test=np.arange(6) % 3 == 2)
    model = Path("assets/models/mnist-mlp-512x2.safetensors").resolve()
    changes = {"extra": str(tmp_path / "mine.npz"), "extra_share": 0.25, "epochs": 1}
    stage = Stage().acknowledging()
    stage.play(m.TrainOn(str(model), changes, str(tmp_path / "runs")))
    assert not stage.of(m.Failed) + stage.of(m.Crashed)
    (started,) = stage.of(m.RunStarted)
    assert (started.train_images, started.config.epochs, started.config.model) == (800, 1, "mlp-512x2")
    assert started.config.extra == str(Path(started.folder) / "extra.npz")
    assert RunFolder(Path(started.folder)).about().title == "mnist-mlp-512x2 + mine"
    assert stage.of(m.Scored)[-1].accuracy > 0.9
    refused = Stage()
    refused.answer(lambda event: [m.Shutdown()] if isinstance(event, m.Failed) else None)
    refused.worker.post(m.TrainOn(str(model), changes | {"extra": "none.npz"}, str(tmp_path / "runs")))
    refused.worker.run()
    assert "no .npz file" in refused.of(m.Failed)[0].what


def test_a_run_that_was_opened_is_let_go_when_a_model_is_trained_on(tmp_path):
    stage = Stage().acknowledging()
    stage.play(begin(tmp_path, epochs=1))
    last = stage.of(m.Saved)[-1].path
    service = stage.service
    service.carry_out(m.ContinueRun(last, paused=True))
    service.carry_out(m.TrainOn(last, {}, str(tmp_path)))
    hold = Hold(RunFolder(Path(last).parent))  # raises InUse where somebody has it
    hold.release()
    service.close()
