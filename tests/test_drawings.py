"""Drawings in files: there and back, from other files and pictures, and what is refused."""

import gzip
import struct

import numpy as np
import pytest
from PIL import Image

from engine import datasets, digits, drawings
from engine.errors import BadFile
from engine.inference import commands


@pytest.fixture(scope="module")
def mnist():
    data = datasets.load("mnist")
    return data.test_images[:12, :, :, 0].copy(), data.test_labels[:12].copy()


def flags(count):
    found = []
    for _ in range(count):
        found.append(drawings.for_test(found))
    return np.array(found, np.bool_)


def test_every_third_is_for_the_test_also_after_some_are_gone():
    assert flags(9).tolist() == [False, False, True] * 3
    assert not drawings.for_test([True, False, False])
    assert drawings.for_test([False] * 2)


def test_there_and_back_in_order_and_as_a_data_set(tmp_path, mnist):
    images, labels = mnist
    path = tmp_path / "new folder" / "mine.npz"
    drawings.save(path, drawings.Drawings(images, labels, flags(12)))
    read = drawings.load(path)
    for name in ("images", "labels", "test"):
        np.testing.assert_array_equal(
            getattr(read, name), {"images": images, "labels": labels, "test": flags(12)}[name]
        )
    record = commands.evaluate("assets/models/mnist-cnn-canvas.safetensors", data=str(path), backend="numpy-xnor")
    assert record["images"] == 4


def test_folders_of_pictures_named_by_digits_are_prepared(tmp_path, mnist):
    images, labels = mnist
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        (tmp_path / str(label)).mkdir(exist_ok=True)
        paper = 255 - np.kron(image, np.ones((4, 4), np.uint8))
        Image.fromarray(np.pad(paper, 30, constant_values=255)).save(tmp_path / str(label) / f"{index:02}.png")
    Image.new("L", (50, 50), 255).save(tmp_path / "7" / "blank.png")
    read = drawings.load(tmp_path)
    order = np.argsort(labels, kind="stable")
    np.testing.assert_array_equal(read.labels, labels[order])
    assert read.blank == 1
    assert read.test is None
    different = np.abs(read.images.astype(int) - images[order].astype(int)).mean()
    assert different < 12  # scaled and centred anew: the same digits


def test_idx_files_and_named_classes(tmp_path, mnist):
    images, labels = mnist
    content = struct.pack(">4B3I", 0, 0, 8, 3, *images.shape) + images.tobytes()
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(content))
    content = struct.pack(">4BI", 0, 0, 8, 1, 12) + labels.astype(np.uint8).tobytes()
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(content))
    np.testing.assert_array_equal(drawings.load(tmp_path / "train-images-idx3-ubyte.gz").labels, labels)
    np.savez(tmp_path / "named.npz", images=images[:2], labels=[1, 0], names=["4", "9"])
    assert drawings.load(tmp_path / "named.npz").labels.tolist() == [9, 4]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"labels": [3, 10]}, "from 3 to 10"),
        ({"labels": [0, 1], "names": ["4", "cat"]}, "'cat', which is no digit"),
        ({"images": np.zeros((1001, 2, 2), np.uint8), "labels": np.zeros(1001, int)}, "At most 1,000"),
        ({"labels": [0, 1], "test": [1, 0]}, "for the test"),
        ({"images": np.zeros((2, 28, 28), np.float32), "labels": [0, 1]}, "float32"),
    ],
)
def test_what_is_no_file_of_digits_is_refused(tmp_path, arrays, said):
    np.savez(tmp_path / "x.npz", **{"images": np.ones((2, 28, 28), np.uint8)} | arrays)
    with pytest.raises(BadFile, match=said):
        drawings.load(tmp_path / "x.npz")
    (tmp_path / "y.npz").write_bytes(b"")
    for path in (tmp_path / "y.npz", tmp_path / "none", tmp_path / "none.npz"):
        with pytest.raises(BadFile):
            drawings.load(path)
    assert drawings.NONE.images.shape == (0, digits.SIDE, digits.SIDE)
