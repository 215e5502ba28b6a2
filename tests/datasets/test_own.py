"""Data sets of one's own: found by path, split where they are not, refused with what to do."""

from pathlib import Path

import numpy as np
import pytest

from engine import datasets
from engine.datasets import own
from engine.datasets.readers import Part
from engine.errors import BadFile, BadInput, UnknownName

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 4, 5), np.uint8)
LABELS = np.arange(30) % 3
SHARED = Path(__file__).parents[3] / "shared" / "data"


def saved(folder, **changes):
    np.savez(folder / "set.npz", **{"images": IMAGES, "labels": LABELS} | changes)
    return folder / "set.npz"


def test_a_path_is_a_data_set(tmp_path):
    path = saved(tmp_path)
    data = datasets.load(str(path))
    assert (data.name, data.title, data.input_shape) == (str(path), "set.npz", (4, 5, 1))
    assert (data.class_names, data.preparation) == (("0", "1", "2"), "resize")
    assert datasets.load(str(path)) is data
    saved(tmp_path, names=["a", "b", "c"])
    assert datasets.load(str(path)).class_names == ("a", "b", "c"), "what has changed is read again"


def test_every_fifth_of_each_class_is_for_the_test():
    train, test = own.split(Part(IMAGES[..., np.newaxis], LABELS))
    assert np.bincount(train.labels).tolist() == [8, 8, 8]
    expected = [i for i in range(30) if i // 3 % 5 == 4]
    np.testing.assert_array_equal(test.images[..., 0], IMAGES[expected])
    np.testing.assert_array_equal(test.labels, LABELS[expected])


def test_what_a_run_calls_a_data_set(tmp_path, monkeypatch):
    assert datasets.identity("mnist") == "mnist"
    monkeypatch.chdir(tmp_path)
    saved(tmp_path)
    assert datasets.identity("set.npz") == str(tmp_path.resolve() / "set.npz")
    assert datasets.identity("not/here") == str(tmp_path.resolve() / "not" / "here")
    with pytest.raises(UnknownName, match="Did you mean 'mnist'"):
        datasets.identity("mnits")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        pytest.param({"labels": LABELS - 1}, "labels from -1 to 1", id="negative"),
        pytest.param({"labels": LABELS + 1000}, "labels from 1000", id="too many classes"),
        pytest.param({"names": ["a", "b"]}, "labels from 0 to 2 and 2 names", id="too few names"),
        pytest.param({"names": [str(i) for i in range(1001)]}, "1001 names", id="too many names"),
        pytest.param({"names": ["a", "b", 101 * "c"]}, "name has 101 characters", id="a name that no model keeps"),
        pytest.param({"images": IMAGES[:3], "labels": LABELS[:3]}, "leaves nothing to test", id="too few"),
    ],
)
def test_a_set_that_cannot_be_trained_on_is_refused(changes, what, tmp_path):
    with pytest.raises(BadFile, match=what):
        own.load(saved(tmp_path, **changes))


def test_a_set_may_be_for_the_test_alone_but_is_not_trained_on_then(tmp_path):
    path = saved(tmp_path, test=np.ones(30, bool))
    assert (len(own.load(path).train_images), len(own.load(path).test_images)) == (0, 30)
    with pytest.raises(BadInput, match="nothing to train on"):
        datasets.load_to_train(str(path))
    one = saved(tmp_path, test=np.arange(30) > 0)
    with pytest.raises(BadInput, match="leaves 1 to train on"):
        datasets.load_to_train(str(one))


def test_what_is_not_there_or_not_understood_says_what_to_do(tmp_path):
    with pytest.raises(BadFile, match="no data set at"):
        datasets.load(str(tmp_path / "gone"))
    with pytest.raises(BadFile, match="IDX files"):
        own.load(tmp_path)


@pytest.mark.parametrize(
    ("folder", "train", "shape"), [("cifar10", 20_000, (32, 32, 3)), ("fashion-mnist", 20_000, (28, 28, 1))]
)
def test_the_shared_sets_are_read(folder, train, shape):
    if not (SHARED / folder).is_dir():
        pytest.skip(f"{SHARED / folder} is not on this machine")
    data = own.load(SHARED / folder)
    assert (len(data.train_images), len(data.test_images), data.input_shape) == (train, 10_000, shape)
    assert np.bincount(data.test_labels).tolist() == [1000] * 10


def test_handwriting_prepared_as_mnist_is_known_as_such(tmp_path):
    digits, labels = datasets.load("mnist").train_images[:60, ..., 0], datasets.load("mnist").train_labels[:60]
    np.savez(tmp_path / "digits.npz", images=digits, labels=labels)
    assert own.load(tmp_path / "digits.npz").preparation == "mnist"
    np.savez(tmp_path / "moved.npz", images=np.roll(digits, 3, 1), labels=labels)
    assert own.load(tmp_path / "moved.npz").preparation == "resize"
