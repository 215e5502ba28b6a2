"""A run on data of one's own: found from anywhere, carried by the model, missed in words where it is gone."""

import numpy as np
import pytest

from engine.checkpoint import Checkpoint
from engine.errors import BadFile, BadInput
from engine.inference import commands, modelfile
from tests.training import tiny

NAMES = ["left", "right", "both"]


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder that holds mine.npz: 120 pictures of 6 x 5, in three classes."""
    stream = np.random.default_rng(0)
    labels = np.arange(120) % 3
    images = stream.integers(0, 60, (120, 6, 5, 3), np.uint8)
    images[labels != 1, :, :2] += 150
    images[labels != 0, :, 3:] += 150
    np.savez(tmp_path / "mine.npz", images=images, labels=labels, names=NAMES)
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


def finished(session):
    for _ in session.events():
        continue
    return session.folder.last


def test_what_the_model_carries_is_enough_to_score_it_elsewhere(own, tmp_path, monkeypatch):
    session = tiny.start(tmp_path / "runs", data="mine.npz", model="mlp-32x1", epochs=6, augmentation="crop-mirror")
    last = finished(session)
    about = modelfile.load(last).metadata
    assert (about.dataset, about.preparation) == (str(own / "mine.npz"), "resize")
    assert (about.input_shape, list(about.class_names)) == ((6, 5, 3), NAMES)
    monkeypatch.chdir(own.parent)
    record = commands.evaluate(last, backend="numpy-xnor")
    assert record["images"] == 24
    assert record["backends"]["numpy-xnor"]["accuracy"] == about.accuracy


def test_a_run_goes_on_where_its_data_is_and_says_what_is_missing_elsewhere(own, tmp_path, monkeypatch):
    last = finished(tiny.start(tmp_path / "runs", data="mine.npz", model="mlp-32x1", epochs=1))
    assert Checkpoint.load(last).config.data == str(own / "mine.npz")
    monkeypatch.chdir(own.parent)
    config = Checkpoint.load(last).config.changed("epochs", 2)
    assert tiny.resume(last, tmp_path / "runs", config=config).loop.place.epoch == 1
    with pytest.raises(BadInput, match="was begun with data"):
        tiny.resume(last, tmp_path / "runs", config=config.changed("data", "mnist"))
    (own / "mine.npz").rename(own / "moved.npz")
    with pytest.raises(BadFile, match=r"no data set at .*mine\.npz.* Check the path"):
        tiny.resume(last, tmp_path / "runs")
