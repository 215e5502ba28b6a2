"""The IDX reader against sound and damaged files."""

import gzip
import struct

import numpy as np
import pytest

from engine.datasets import idx
from engine.errors import BadFile


def encode(array, lengths=None, kind=8):
    lengths = array.shape if lengths is None else lengths
    header = bytes((0, 0, kind, len(lengths))) + struct.pack(f">{len(lengths)}I", *lengths)
    return gzip.compress(header + array.tobytes(), mtime=0)


@pytest.mark.parametrize("shape", [(5,), (0,), (3, 4, 7), (0, 28, 28)])
def test_reads_what_was_written(shape):
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    np.testing.assert_array_equal(idx.read(encode(array), "x", len(shape)), array)


SOUND = encode(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))


@pytest.mark.parametrize("cut", [0, 1, 9, 15, 30, len(SOUND) - 9, len(SOUND) - 1])
def test_a_truncated_file_is_refused(cut):
    with pytest.raises(BadFile):
        idx.read(SOUND[:cut], "x", 3)


def test_every_flipped_byte_of_the_content_is_noticed():
    for place in range(10, len(SOUND)):
        damaged = bytearray(SOUND)
        damaged[place] ^= 0x55
        with pytest.raises(BadFile):
            idx.read(bytes(damaged), "x", 3)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(encode(np.zeros(60, np.uint8), (3, 4, 6)), id="too short"),
        pytest.param(encode(np.zeros(60, np.uint8), (3, 4, 4)), id="too long"),
        pytest.param(encode(np.zeros(60, np.uint8), (3, 4, 5), kind=9), id="signed"),
        pytest.param(encode(np.zeros(60, np.uint8), (60,)), id="labels for images"),
        pytest.param(encode(np.zeros(9, np.uint8), (2**32 - 1,) * 3), id="a header that claims everything"),
        pytest.param(gzip.compress(b"hello"), id="not IDX"),
        pytest.param(b"hello", id="not gzip"),
    ],
)
def test_another_kind_of_file_is_refused(file):
    with pytest.raises(BadFile, match="'x'"):
        idx.read(file, "x", 3)
