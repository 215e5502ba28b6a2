"""The official batches of CIFAR-10, as binary files or as pickled Python; nothing else of that form is opened.

Format: https://www.cs.toronto.edu/~kriz/cifar.html. 3,072 bytes an image: 32 x 32 of red, of green, of blue.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets import cifar10
from engine.datasets.readers import Found, Part
from engine.errors import BadFile
from engine.files import checked_size
from engine.pickled import ARRAYS, Inert, inert

FORM = "the batches of CIFAR-10, data_batch_1 to data_batch_5 and test_batch, binary or as pickled Python"
MOST_BYTES = 1 << 25

CHECKSUMS = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
"""MD5 of the published files."""

_FOLDERS = (".", "cifar-10-batches-bin", "cifar-10-batches-py")
_TRAIN = tuple(f"data_batch_{i}" for i in range(1, 6))
_PIXELS = 3 * 32 * 32


def read(path: Path) -> Found | None:
    """A folder of batches, or the one around it. Raises BadFile where a file is not the published one."""
    for folder, suffix in ((path / name, suffix) for name in _FOLDERS for suffix in (".bin", "")):
        if (folder / f"{_TRAIN[0]}{suffix}").is_file():
            train = _part([folder / f"{name}{suffix}" for name in _TRAIN])
            return Found(train, _part([folder / f"test_batch{suffix}"]), cifar10.FETCHED.class_names)
    return None


def _part(files: list[Path]) -> Part:
    batches = [_binary(file) if file.suffix else _pickled(file) for file in files]
    pixels, labels = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    images = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Part(np.ascontiguousarray(images), labels.astype(np.int64))


def _content(file: Path) -> bytes:
    """A batch, once its checksum is that of the published file."""
    checked_size(file, "a CIFAR-10 batch", MOST_BYTES)
    content = file.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != CHECKSUMS[file.name]:
        what = f"'{file}' is not the published batch: its checksum is another."
        raise BadFile(what, "Fetch it again, or save pictures of your own as npz.")
    return content


def _binary(file: Path) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    rows = np.frombuffer(_content(file), np.uint8).reshape(-1, 1 + _PIXELS)
    return rows[:, 1:], rows[:, 0]


def _pickled(file: Path) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    batch = inert(_content(file), dict.fromkeys(ARRAYS, Inert))
    return np.frombuffer(batch[b"data"].state[-1], np.uint8).reshape(-1, _PIXELS), np.array(batch[b"labels"])
