"""The IDX reader against sound and damaged files."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.readers import idx
from engine.errors import BadFile


def encode(array, lengths=None, kind=8):
    lengths = array.shape if lengths is None else lengths
    header = bytes((0, 0, kind, len(lengths))) + struct.pack(f">{len(lengths)}I", *lengths)
    return gzip.compress(header + array.tobytes(), mtime=0)


@pytest.mark.parametrize("shape", [(5,), (0,), (3, 4, 7), (0, 28, 28)])
def test_reads_what_was_written(shape):
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    np.testing.assert_array_equal(idx.decode(encode(array), "x", len(shape)), array)


SOUND = encode(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))


@pytest.mark.parametrize("cut", [0, 1, 9, 15, 30, len(SOUND) - 9, len(SOUND) - 1])
def test_a_truncated_file_is_refused(cut):
    with pytest.raises(BadFile):
        idx.decode(SOUND[:cut], "x", 3)


def test_every_flipped_byte_of_the_content_is_noticed():
    for place in range(10, len(SOUND)):
        damaged = bytearray(SOUND)
        damaged[place] ^= 0x55
        with pytest.raises(BadFile):
            idx.decode(bytes(damaged), "x", 3)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(encode(np.zeros(60, np.uint8), (3, 4, 6)), id="too short"),
        pytest.param(encode(np.zeros(60, np.uint8), (3, 4, 4)), id="too long"),
        pytest.param(encode(np.zeros(60, np.uint8), (3, 4, 5), kind=9), id="signed"),
        pytest.param(encode(np.zeros(60, np.uint8), (60,)), id="labels for images"),
        pytest.param(encode(np.zeros(9, np.uint8), (2**32 - 1,) * 3), id="a header that claims everything"),
        pytest.param(encode(np.zeros(0, np.uint8), (0, 2**32 - 1, 2**32 - 1)), id="nothing, of more than any array"),
        pytest.param(gzip.compress(b"hello"), id="not IDX"),
        pytest.param(b"hello", id="not gzip"),
    ],
)
def test_another_kind_of_file_is_refused(file):
    with pytest.raises(BadFile, match="'x'"):
        idx.decode(file, "x", 3)


def test_a_file_that_is_not_zipped_is_read_as_well():
    raw = gzip.decompress(SOUND)
    np.testing.assert_array_equal(idx.decode(raw, "x", 3), idx.decode(SOUND, "x", 3))
    for wrong in (raw[:-1], raw + b"x", raw[:7]):
        with pytest.raises(BadFile, match="'x'"):
            idx.decode(wrong, "x", 3)


@given(content=st.binary(max_size=60), shape=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3))
def test_whatever_lies_behind_a_header_is_read_whole_or_refused(content, shape):
    header = bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape)
    for file in (header + content, gzip.compress(header + content), content):
        try:
            array = idx.decode(file, "x", len(shape))
        except BadFile:
            continue
        assert array.tobytes() == content
        assert list(array.shape) == shape


IMAGES, LABELS = np.arange(120, dtype=np.uint8).reshape(6, 4, 5), np.array([0, 1, 2, 0, 1, 2], np.uint8)


def pair(folder, name, count, zipped=True):
    for kind, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
        content = encode(array[:count])
        file = folder / f"{name}-{kind}-ubyte{'.gz' if zipped else ''}"
        file.write_bytes(content if zipped else gzip.decompress(content))


@pytest.mark.parametrize("test_name", ["t10k", "test"])
def test_a_folder_in_the_official_layout(test_name, tmp_path):
    pair(tmp_path, "train", 6)
    pair(tmp_path, "train", 6, zipped=False)
    pair(tmp_path, test_name, 2, zipped=False)
    found = idx.read(tmp_path)
    np.testing.assert_array_equal(found.train.images, IMAGES[..., np.newaxis])
    np.testing.assert_array_equal(found.test.labels, LABELS[:2])


def test_one_pair_has_no_test_part(tmp_path):
    pair(tmp_path, "digits", 6)
    for path in (tmp_path, tmp_path / "digits-images-idx3-ubyte.gz"):
        found = idx.read(path)
        assert (found.train.images.shape, found.test) == ((6, 4, 5, 1), None)


def test_two_sets_in_a_folder_are_one_too_many(tmp_path):
    pair(tmp_path, "train", 6)
    pair(tmp_path, "other", 6)
    with pytest.raises(BadFile, match="more than one"):
        idx.read(tmp_path)
    assert len(idx.read(tmp_path / "train-images-idx3-ubyte.gz").train.images) == 6


def test_labels_that_are_missing_or_too_few_are_told(tmp_path):
    pair(tmp_path, "train", 6)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(encode(LABELS[:5]))
    with pytest.raises(BadFile, match=r"labels \(5,\)"):
        idx.read(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(BadFile, match="no file"):
        idx.read(tmp_path)


def test_what_holds_no_idx_is_somebody_elses(tmp_path):
    assert idx.read(tmp_path) is None
    (tmp_path / "x.png").write_bytes(b"x")
    assert idx.read(tmp_path / "x.png") is None
