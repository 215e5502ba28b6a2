"""IDX files, the format of MNIST and its kin: a magic number, the lengths of the axes, then the bytes.

Format: two zero bytes, a type (8 for unsigned bytes), the number of axes, each length as big-endian uint32, the data
in C order (http://yann.lecun.com/exdb/mnist/); gzipped, as they are published, or not.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.datasets.readers import MOST_BYTES, Found, Part, part
from engine.errors import BadFile
from engine.files import checked_size, room_for

FORM = "IDX files, e.g. train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz"
UNSIGNED_BYTE = 8

_IMAGES, _LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
_TEST = ("t10k", "test")
_GZIP = 31  # zlib's window setting for a gzip wrapper, whose checksum is then verified
_GZIP_MAGIC = b"\x1f\x8b"
_PIECE = 1 << 18
_BESIDE = 9
"""Bytes that each image takes beside itself: its label, as it is stored and as an int64."""
_REMEDY = "Fetch the file again, or reinstall Flipscope where it came with it."


def read(path: Path) -> Found | None:
    """A file of images with its labels beside it, or a folder with a pair for training and, named so, one for tests.

    Raises BadFile.
    """
    if path.is_file():
        return Found(_pair(path)) if _IMAGES in path.name else None
    files = sorted(path.glob(f"*{_IMAGES}*"))
    tests = [file for file in files if file.name.startswith(_TEST)]
    train = _only(path, [file for file in files if file not in tests])
    if train is None:
        return None
    test = _only(path, tests)
    return Found(_pair(train), None if test is None else _pair(test))


def decode(content: bytes, name: str, axes: int) -> NDArray[np.uint8]:
    """Decode one IDX file of unsigned bytes, gzipped or not.

    Args:
        content: the whole file.
        name: what errors call it.
        axes: the number of axes that is expected, 1 for labels and 3 for images.

    Returns:
        u8 array of the shape in the header, never more than MOST_BYTES and never more than the file really holds.

    Raises:
        BadFile: truncated, corrupted, of another kind, or of another length than its header says.
    """
    if content.startswith(_GZIP_MAGIC):
        return _unzipped(content, name, axes)
    shape = _shape(content, name, axes)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    return _filling(values, shape, name)


def _unzipped(compressed: bytes, name: str, axes: int) -> NDArray[np.uint8]:
    try:
        unpacked = _Unpacked(compressed)
        shape = _shape(bytes(unpacked.read(4 + 4 * axes)), name, axes)
        wanted, room = math.prod(shape), min(MOST_BYTES, room_for(len(compressed)))
        if wanted + _BESIDE * shape[0] > room:
            what = f"'{name}' would unfold to {wanted:,} bytes; {room:,} is the limit for a file of its size."
            raise BadFile(what, "Unpack it first, if you trust it.")
        values = unpacked.read(wanted)
        rest = unpacked.read(1)  # reads the checksum, which stands behind the last byte
    except zlib.error as error:
        raise BadFile(f"'{name}' is not a sound gzip file ({error}).", _REMEDY) from None
    if rest or not unpacked.whole:
        raise BadFile(f"'{name}' does not hold the {wanted} bytes that its header announces.", _REMEDY)
    return _filling(np.frombuffer(values, np.uint8), shape, name)


class _Unpacked:
    """What a gzip file unfolds to, read as it comes, so that it is never held twice."""

    def __init__(self, compressed: bytes) -> None:
        self._left = memoryview(compressed)
        self._stream = zlib.decompressobj(_GZIP)

    @property
    def whole(self) -> bool:
        """Whether all was read and the checksum was right."""
        return self._stream.eof

    def read(self, count: int) -> bytearray:
        """At most so many bytes; fewer at the end."""
        made = bytearray()
        while not self._stream.eof and len(made) < count:
            taken = self._stream.unconsumed_tail or self._next()
            piece = self._stream.decompress(taken, min(_PIECE, count - len(made)))
            if not taken and not piece:
                break
            made += piece
        return made

    def _next(self) -> bytes:
        taken, self._left = bytes(self._left[:_PIECE]), self._left[_PIECE:]
        return taken


def _shape(content: bytes, name: str, axes: int) -> tuple[int, ...]:
    header = content[: 4 + 4 * axes]
    if header[:4] != bytes((0, 0, UNSIGNED_BYTE, axes)) or len(header) != 4 + 4 * axes:
        raise BadFile(f"'{name}' is not an IDX file of unsigned bytes with {axes} axes.", _REMEDY)
    return tuple(int(length) for length in np.frombuffer(header, ">u4", axes, 4))


def _filling(values: NDArray[np.uint8], shape: tuple[int, ...], name: str) -> NDArray[np.uint8]:
    if len(values) != math.prod(shape):
        raise BadFile(f"'{name}' does not hold the {math.prod(shape)} bytes that its header announces.", _REMEDY)
    try:
        return values.reshape(shape)
    except ValueError:  # nothing of 2^32 x 2^32
        sizes = " x ".join(map(str, shape))
        raise BadFile(f"'{name}' announces {sizes} bytes, which no array can have.", _REMEDY) from None


def _only(folder: Path, files: list[Path]) -> Path | None:
    """The one file among these, or None; the same file gzipped and not counts once."""
    if len({file.name.removesuffix(".gz") for file in files}) > 1:
        names = ", ".join(file.name for file in files)
        raise BadFile(f"'{folder}' holds more than one set of images: {names}.", "Name the file that is meant.")
    return files[0] if files else None


def _pair(images: Path) -> Part:
    """A file of images and the labels that lie beside it, gzipped or not."""
    labels = images.with_name(images.name.replace(_IMAGES, _LABELS))
    if not labels.exists():
        other = labels.with_suffix("") if labels.suffix == ".gz" else labels.with_name(labels.name + ".gz")
        labels = other if other.exists() else labels
    return part(images, _file(images, 3), _file(labels, 1))


def _file(path: Path, axes: int) -> NDArray[np.uint8]:
    checked_size(path, "an IDX", MOST_BYTES)
    return decode(path.read_bytes(), path.name, axes)
