"""Runs that begin with a model: what was folded is found again, and the folder holds all that was used."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import paths, runzip
from engine.checkpoint import Checkpoint
from engine.errors import BadFile, BadInput
from engine.inference import commands, modelfile
from engine.inference.operations import Affine
from engine.inference.thresholds import ALWAYS, NEVER
from engine.training import fold, start
from tests.training import tiny

NETS = {
    "dense": {"model": "mlp-32x2"},
    "maps": {"model": "cnn-6-8-8"},
    "shortcuts": {"model": "resnet-6-8x1"},
    "bits and a bias": {"model": "mlp-32x1", "inputs": "bits", "output": "bias"},
}


@pytest.fixture
def data(tmp_path):
    """mnist-like.npz: 200 pictures of 28 x 28 in three classes."""
    stream = np.random.default_rng(0)
    labels = np.arange(200) % 3
    images = stream.integers(0, 60, (200, 28, 28), np.uint8)
    for label in range(3):
        images[labels == label, 8 * label : 8 * label + 10] += 150
    np.savez(tmp_path / "base.npz", images=images, labels=labels)
    np.savez(tmp_path / "mine.npz", images=images[:9, ::-1], labels=labels[:9], test=np.arange(9) % 3 == 2)
    return str(tmp_path / "base.npz")


def last_of(session):
    for _ in session.events():
        continue
    return session.folder.last


def bare(last, path):
    """The network of a save alone, as a file."""
    modelfile.save(path, modelfile.load(last))
    return path


def trained(tmp_path, data, **changes):
    return last_of(tiny.start(tmp_path / "runs", data=data, epochs=2, batch_size=32, **changes))


@pytest.mark.parametrize("net", NETS)
def test_a_bare_network_is_found_again_from_its_thresholds(tmp_path, data, net):
    last = trained(tmp_path, data, **NETS[net])
    path = bare(last, tmp_path / "bare.safetensors")
    config = start.settings(path)
    assert (config.model, config.inputs, config.start) == (
        NETS[net]["model"],
        NETS[net].get("inputs", "pixels"),
        str(path),
    )
    session = tiny.start(tmp_path / "runs", **config.to_json())
    folded, network = fold.fold(session.loop.state(), config, modelfile.load(path).metadata), modelfile.load(path)
    for made, given in zip(folded.operations, network.operations, strict=True):
        for name, array in vars(given).items():
            if isinstance(given, Affine):
                np.testing.assert_allclose(getattr(made, name), array, rtol=1e-3, atol=1e-4)
            elif isinstance(array, np.ndarray):
                np.testing.assert_array_equal(getattr(made, name), array)


def test_outputs_that_never_change_are_found_again_too(tmp_path, data):
    network = modelfile.load(trained(tmp_path, data))
    first = network.operations[1]
    threshold, at_least = first.threshold.copy(), first.at_least.copy()
    threshold[:4], at_least[:4] = (ALWAYS, NEVER, ALWAYS, NEVER), (True, True, False, False)
    odd = replace(network, operations=(network.operations[0], replace(first, threshold=threshold, at_least=at_least),
                                       *network.operations[2:]))  # fmt: skip
    modelfile.save(tmp_path / "odd.safetensors", odd)
    config = start.settings(tmp_path / "odd.safetensors")
    arrays = tiny.start(tmp_path / "runs", **config.to_json()).loop.state()
    made = fold.fold(arrays, config, network.metadata).operations[1]
    reach = 784 * 255
    sums = np.linspace(-reach, reach, 999).astype(int)[:, np.newaxis]
    both = [np.where(t.at_least, sums >= t.threshold, sums <= t.threshold) for t in (made, odd.operations[1])]
    np.testing.assert_array_equal(both[0][:, :4], both[1][:, :4])


def test_a_save_goes_on_with_its_latents_gently(tmp_path, data):
    last = trained(tmp_path, data, learning_rate=0.01, augmentation="light")
    config = start.settings(last)
    assert (config.learning_rate, config.epochs, config.augmentation) == (0.002, 1, "light")
    session = tiny.start(tmp_path / "runs", **config.to_json())
    np.testing.assert_array_equal(session.loop.state()["layer0.latent"], Checkpoint.load(last).arrays["layer0.latent"])
    assert not session.loop.state()["layer0.latent.m"].any()


def test_bop_begins_with_signs(tmp_path, data):
    last = trained(tmp_path, data)
    config = start.settings(last).changed("optimizer", "bop")
    latents = tiny.start(tmp_path / "runs", **config.to_json()).loop.state()["layer0.latent"]
    np.testing.assert_array_equal(latents, np.where(Checkpoint.load(last).arrays["layer0.latent"] >= 0, 1, -1))


def test_a_run_whose_rate_ended_high_is_trained_on(tmp_path, data):
    last = trained(tmp_path, data, schedule="exponential", learning_rate=0.01, final_rate=0.009)
    assert start.settings(last).schedule == "cosine"


def test_a_run_in_a_linked_folder_is_resumed_as_from_the_command_line(tmp_path, data):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    extra = {"extra": str(tmp_path / "mine.npz"), "epochs": 1, "batch_size": 32}
    last = last_of(tiny.start(tmp_path / "link", data=data, **extra))
    again = tiny.resume(last, tmp_path / "link", config=Checkpoint.load(last).config.changed("epochs", 2))
    assert again.loop.config.epochs == 2


def test_what_lies_beside_a_file_that_is_no_runs_own_is_not_taken_for_its_images(tmp_path, data):
    extra = {"extra": str(tmp_path / "mine.npz"), "epochs": 1, "batch_size": 32}
    last = last_of(tiny.start(tmp_path / "runs", data=data, **extra))
    work = tmp_path / "work"
    work.mkdir()
    (work / "m.safetensors").write_bytes(last.read_bytes())
    (work / "extra.npz").write_bytes(b"somebody else's")
    resumed = tiny.resume(work / "m.safetensors", tmp_path / "runs")
    assert Path(resumed.loop.config.extra).read_bytes() == (tmp_path / "mine.npz").read_bytes()


def test_the_folder_holds_what_was_used_also_elsewhere(tmp_path, data, monkeypatch):
    path = bare(trained(tmp_path, data), tmp_path / "model.safetensors")
    mine = tmp_path / "mine.npz"
    config = start.settings(path).with_changes({"extra": str(mine), "extra_share": 0.5, "epochs": 1})
    session = tiny.start(paths.runs_dir(), **config.to_json())
    folder, kept = session.folder, mine.read_bytes()
    assert len(session.loop.data.train_images) == 161 + 161
    assert (folder.path / "extra.npz").read_bytes() == kept
    assert (folder.path / "start.safetensors").read_bytes() == path.read_bytes()
    assert session.loop.config.extra == folder.read_json("config.json")["extra"] == str(folder.path / "extra.npz")
    last = last_of(session)
    mine.unlink()
    path.unlink()
    again = tiny.start(tmp_path / "again", **session.loop.config.to_json())  # the copied command
    np.testing.assert_array_equal(last_of(again).read_bytes()[-4096:], last.read_bytes()[-4096:])

    runzip.pack(folder, tmp_path / "run.zip")
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path / "elsewhere"))
    there = runzip.unpack(tmp_path / "run.zip", paths.runs_dir())
    for file in folder.path.iterdir():
        file.unlink()
    resumed = tiny.resume(there.last, paths.runs_dir(), config=Checkpoint.load(there.last).config.changed("epochs", 2))
    assert resumed.loop.config.extra == str(there.path / "extra.npz")
    branch = tiny.resume(there.last, paths.runs_dir(), apart=True).folder
    assert branch.path != there.path
    assert (branch.path / "extra.npz").read_bytes() == kept


def test_runs_and_models_are_named_after_what_they_are_made_of(tmp_path, data):
    network = modelfile.load(trained(tmp_path, data))
    modelfile.save(tmp_path / "m.safetensors", replace(network, metadata=replace(network.metadata, name="small")))
    first = tiny.start(tmp_path / "runs", **_with_mine(start.settings(tmp_path / "m.safetensors"), tmp_path))
    assert first.folder.about().title == "small + mine"
    last = last_of(first)
    assert modelfile.load(last).metadata.name == "small + mine"
    second = tiny.start(tmp_path / "runs", **_with_mine(start.settings(last), tmp_path))
    assert second.folder.about().title == "small + mine"


def _with_mine(config, tmp_path):
    return config.with_changes({"extra": str(tmp_path / "mine.npz")}).to_json()


def test_the_own_part_that_was_held_out_is_scored_by_evaluate(tmp_path, data):
    last = trained(tmp_path, data)
    record = commands.evaluate(last, data=str(tmp_path / "mine.npz"), backend="numpy-xnor")
    assert record["images"] == 3


def test_what_cannot_be_begun_with_is_refused_in_words(tmp_path, data):
    last = trained(tmp_path, data)
    with pytest.raises(BadInput, match=r"mlp-32x2 for .*: its layers are not those of mlp-16x1 for"):
        tiny.start(tmp_path / "runs", data=data, model="mlp-16x1", start=str(last))
    floats = bare(trained(tmp_path, data, kind="float"), tmp_path / "float.safetensors")
    with pytest.raises(BadInput, match="float weights and no training state"):
        start.settings(floats)
    with pytest.raises(BadFile, match="no file"):
        start.settings(Path("nothing.safetensors"))
    assert not [folder for folder in (tmp_path / "runs").iterdir() if "mlp-16x1" in folder.name]
