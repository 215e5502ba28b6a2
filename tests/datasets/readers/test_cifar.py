"""The CIFAR-10 batches: binary and pickled come out alike, and only the published files are opened."""

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.datasets import own
from engine.datasets.readers import cifar, npz
from engine.errors import BadFile

SHARED = Path(__file__).parents[4] / "shared" / "data" / "cifar10"
BATCHES = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
STREAM = np.random.default_rng(0)
PIXELS = {name: STREAM.integers(0, 256, (3, 3072), np.uint8) for name in BATCHES}
LABELS = {name: STREAM.integers(0, 10, 3).tolist() for name in BATCHES}


def binary(name):
    return np.column_stack([np.array(LABELS[name], np.uint8), PIXELS[name]]).tobytes()


def pickled(name):
    content = pickle.dumps({b"data": PIXELS[name], b"labels": LABELS[name]}, protocol=3)
    return content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")  # as they were published


FORMS = {"cifar-10-batches-bin": (".bin", binary), "cifar-10-batches-py": ("", pickled)}


@pytest.fixture(params=FORMS)
def folder(request, tmp_path, monkeypatch):
    suffix, content = FORMS[request.param]
    folder = tmp_path / request.param
    folder.mkdir()
    for name in BATCHES:
        (folder / f"{name}{suffix}").write_bytes(content(name))
        monkeypatch.setitem(cifar.CHECKSUMS, f"{name}{suffix}", hashlib.md5(content(name)).hexdigest())
    return folder


def test_batches_come_out_as_pictures(folder):
    for path in (folder, folder.parent):
        found = cifar.read(path)
        assert found.train.images.shape == (15, 32, 32, 3)
        np.testing.assert_array_equal(found.train.labels, np.concatenate([LABELS[name] for name in BATCHES[:5]]))
        picture = PIXELS["test_batch"][1].reshape(3, 32, 32)
        np.testing.assert_array_equal(found.test.images[1], np.moveaxis(picture, 0, 2))
        assert (found.names[3], len(found.names)) == ("cat", 10)
    assert own.load(folder).class_names == found.names


def test_a_batch_that_is_not_the_published_one_is_not_opened(folder):
    file = next(folder.glob("data_batch_4*"))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BadFile, match="not the published batch"):
        cifar.read(folder)
    file.unlink()
    with pytest.raises(BadFile, match="no file"):
        cifar.read(folder)


@given(content=st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_nothing_else_is_unpickled(content, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cifar")
    (folder / "data_batch_1").write_bytes(b"x" + content)
    with pytest.raises(BadFile, match="not the published batch"):
        cifar.read(folder)


class Evil:
    def __reduce__(self):
        return (os.mkdir, ("made by a pickle",))


def test_even_with_the_right_checksum_a_pickle_can_do_nothing(tmp_path, monkeypatch):
    content = pickle.dumps({b"data": Evil(), b"labels": [0]})
    monkeypatch.setitem(cifar.CHECKSUMS, "data_batch_1", hashlib.md5(content).hexdigest())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data_batch_1").write_bytes(content)
    with pytest.raises(pickle.UnpicklingError, match="has no place"):
        cifar.read(tmp_path)
    assert not (tmp_path / "made by a pickle").exists()


def test_what_holds_no_batch_is_somebody_elses(tmp_path):
    assert cifar.read(tmp_path) is None
    (tmp_path / "x").write_bytes(b"x")
    assert cifar.read(tmp_path / "x") is None


def test_the_checksums_are_of_the_files_that_were_published():
    """The test batch can be made again from the shared copy of its pictures."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not on this machine")
    test = npz.read(SHARED / "cifar10_test.npz").train
    planes = test.images.transpose(0, 3, 1, 2).reshape(10_000, -1)
    batch = np.column_stack([test.labels.astype(np.uint8), planes])
    assert hashlib.md5(batch).hexdigest() == cifar.CHECKSUMS["test_batch.bin"]
