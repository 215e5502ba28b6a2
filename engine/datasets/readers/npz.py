"""NumPy's .npz files: `images` and `labels`, and where the classes have names, `names`.

A file may hold one part or, with "train_" and "test_" before the keys, both; or `test`, bool [N]: which of its images
are for the test alone. In place of `images` there may be `residual`, uint8 [3, N, H, W]: RGB whose green is taken from
red and blue, then differences along columns and rows, all modulo 256, which ordinary compression makes a third smaller.
"""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.readers import MOST_BYTES, Found, Part, part
from engine.errors import BadFile
from engine.files import checked_size, room_for

FORM = "npz files with `images` and `labels`, one, or two with 'train' and 'test' in their names"

_REMEDY = "Write it by numpy.savez(path, images=…, labels=…) with plain arrays."
_HEADERS: dict[tuple[int, int], Callable[..., tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The two that numpy writes; others can claim gigabytes for their tables."""
_PIECE = 1 << 18

Arrays = dict[str, NDArray[Any]]


def read(path: Path) -> Found | None:
    """A file, or a folder with one whose name says "train" and one whose name says "test". Raises BadFile."""
    if path.is_file():
        return _whole(path) if path.suffix == ".npz" else None
    files = sorted(path.glob("*.npz"))
    if not files:
        return None
    if len(files) == 1:
        return _whole(files[0])
    train, test = (_one(path, files, word) for word in ("train", "test"))
    arrays = load(train)
    return Found(_part(train, arrays), _part(test, load(test)), _names(train, arrays))


def load(path: Path, remedy: str = _REMEDY) -> Arrays:
    """All arrays of an .npz, none of them of objects, together no more than there is room for.

    remedy: what to do about a file that cannot be read so. Raises BadFile.
    """
    room = room_for(checked_size(path, "an npz", MOST_BYTES))
    arrays: Arrays = {}
    try:
        with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.compress_type not in _METHODS:
                    raise BadFile(f"'{path}' is compressed in a way that is not read.", remedy)
                name = info.filename.removesuffix(".npy")
                left = min(room, MOST_BYTES - sum(array.nbytes for array in arrays.values()))
                with archive.open(info) as member:
                    arrays[name] = _array(member, info.file_size, left, path, remedy)
                room -= _cost(name, arrays[name])
            if room < 0:
                raise BadFile(f"'{path}' unfolds to more than there is room for.", remedy)
    except BadFile:
        raise
    except Exception as error:  # zip, deflate and numpy's headers fail in nearly every way there is on damaged data
        raise BadFile(f"'{path}' is not a sound npz file: {error}.", remedy) from error
    return arrays


def members(path: Path) -> tuple[str, ...]:
    """The names of a file's arrays, none of which is read; of what is no archive, none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(name.removesuffix(".npy") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return ()


def _array(member: IO[bytes], size: int, room: int, path: Path, remedy: str) -> NDArray[Any]:
    """One member, its bytes taken only once its header has been weighed against what it claims to hold."""
    read_header = _HEADERS.get(np.lib.format.read_magic(member))
    if read_header is None:
        raise BadFile(f"'{path}' holds an array in a form that is not read.", remedy)
    shape, columns_first, dtype = read_header(member)
    wanted = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or dtype.kind not in "biufU" or member.tell() + wanted != size or not 0 <= wanted <= room:
        raise BadFile(f"'{path}' holds an array of {dtype} {shape}, which is not read.", remedy)
    content = bytearray()
    while piece := member.read(min(_PIECE, wanted - len(content))):
        content += piece
    member.read(1)  # the end, where the checksum is compared
    if dtype.kind == "U" and not _is_text(np.frombuffer(content, dtype.str[0] + "u4")):
        raise BadFile(f"'{path}' holds characters that there are none of.", remedy)
    return np.frombuffer(content, dtype).reshape(shape, order="F" if columns_first else "C")


def _is_text(codes: NDArray[Any]) -> bool:
    """Whether these are characters: numpy takes any 32 bits for one, until it is asked for the text."""
    return not np.any((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes <= 0xDFFF)))


def _cost(name: str, array: NDArray[Any]) -> int:
    """Bytes that an array takes in all: labels become int64, and a residual the images."""
    later = array.nbytes if name.endswith("residual") else 8 * array.size if array.ndim == 1 else 0
    return array.nbytes + later


def _whole(path: Path) -> Found:
    arrays = load(path)
    both = [{key.removeprefix(f"{part}_"): arrays[key] for key in arrays} for part in ("train", "test")]
    if "train_labels" in arrays:
        return Found(_part(path, both[0]), _part(path, both[1]), _names(path, arrays))
    whole, test = _part(path, arrays), arrays.get("test")
    if test is None:
        return Found(whole, None, _names(path, arrays))
    if test.dtype != np.bool_ or test.shape != whole.labels.shape:
        raise BadFile(
            f"'{path}' says by {test.dtype} {test.shape} what is for the test.", "Give a bool for each image."
        )
    return Found(whole.taken(~test), whole.taken(test), _names(path, arrays))


def _one(folder: Path, files: list[Path], word: str) -> Path:
    named = [file for file in files if word in file.stem.lower()]
    if len(named) != 1:
        raise BadFile(
            f"'{folder}' holds {len(named)} npz files with '{word}' in their names.",
            "Name the file, or leave one of each.",
        )
    return named[0]


def _part(path: Path, arrays: Arrays) -> Part:
    labels = arrays.get("labels")
    if labels is None or labels.dtype.kind not in "iu" or not {"images", "residual"} & set(arrays):
        raise BadFile(f"'{path}' lacks images or whole-numbered labels; it holds {', '.join(arrays)}.", _REMEDY)
    images = arrays["images"] if "images" in arrays else _restored(arrays["residual"], path)
    return part(path, images, labels)


def _restored(residual: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    """u8 [N, H, W, 3] of its differences [3, N, H, W]."""
    if residual.dtype != np.uint8 or residual.ndim != 4 or len(residual) != 3:
        raise BadFile(f"'{path}' holds a residual of {residual.dtype} {residual.shape}.", _REMEDY)
    for plane in residual:
        np.cumsum(plane, 1, dtype=np.uint8, out=plane)
        np.cumsum(plane, 2, dtype=np.uint8, out=plane)
    for plane in (residual[0], residual[2]):
        plane += residual[1]
    return np.ascontiguousarray(residual.transpose(1, 2, 3, 0))


def _names(path: Path, arrays: Arrays) -> tuple[str, ...]:
    names = arrays.get("names", np.array([], "U1"))
    if names.dtype.kind != "U" or names.ndim != 1:
        raise BadFile(f"'{path}' holds names of {names.dtype} {names.shape}.", "Give them as a list of words.")
    return tuple(str(name) for name in names)
