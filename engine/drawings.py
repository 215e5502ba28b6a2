"""Drawings of digits with their true labels: the file that they are kept in, and others' files brought to their form.

The file is an .npz as engine.datasets.readers reads it: `images`, `labels`, `names`, the ten digits, and `test`, which
are for the test alone.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import digits
from engine.datasets import own
from engine.datasets.readers import Part, folders, npz, part
from engine.errors import BadFile, reason
from engine.files import CannotWrite, write_atomically
from engine.inference import pictures

MOST = 1000
"""Drawings that are kept, and that are taken from a file."""
CLASSES = tuple("0123456789")
EVERY = 3
"""Every third drawing is kept for the test alone, so that training on the others can be judged."""


@dataclass(frozen=True, eq=False)
class Drawings:
    """images: u8 [N, 28, 28], prepared; labels: int64 [N], 0 to 9; test: bool [N], or None where nobody said.

    blank: pictures that were left out because there is nothing on them.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    test: NDArray[np.bool_] | None = None
    blank: int = 0


NONE = Drawings(np.zeros((0, digits.SIDE, digits.SIDE), np.uint8), np.zeros(0, np.int64), np.zeros(0, np.bool_))


def for_test(others: Sequence[bool]) -> bool:
    """Whether a drawing that comes after these is for the test; others: which of them are."""
    return EVERY * sum(others) + EVERY - 1 <= len(others)


def name(image: NDArray[np.uint8], label: int) -> bytes:
    """Names a drawing u8 [28, 28] by its image and by what it is said to be."""
    return hashlib.blake2b(image.tobytes() + bytes([label]), digest_size=16).digest()


def merged(
    theirs: Drawings, ours: Drawings, new: Collection[bytes], gone: Collection[bytes], where: str = "the file"
) -> Drawings:
    """What a file is to hold that may have been written by another window since this one read or wrote it.

    Ours in their order, without what was taken out of the file elsewhere; behind them what was added elsewhere. Where
    both windows say of one image what it is, ours goes, which was said last. Raises BadFile where there is no room.

    Args:
        theirs: what the file holds.
        ours: what this window shows.
        new: names of those of ours that are put in though the file has them not.
        gone: names of those that this window took out.
    """
    found = _names(theirs)
    wanted = {*found, *new}
    stay = np.array([one in wanted for one in _names(ours)], np.bool_)
    shown = {image.tobytes() for image in ours.images[stay]}
    pairs = zip(found, theirs.images, strict=True)
    foreign = np.array([one not in gone and image.tobytes() not in shown for one, image in pairs], np.bool_)
    if (count := int(stay.sum() + foreign.sum())) > MOST:
        what = f"With those of another window there would be {count:,} drawings in '{where}', which holds {MOST:,}."
        raise BadFile(what, "Delete some that you no longer need.")
    return Drawings(
        np.concatenate((ours.images[stay], theirs.images[foreign])),
        np.concatenate((ours.labels[stay], theirs.labels[foreign])),
        np.concatenate((_tests(ours)[stay], _tests(theirs)[foreign])),
    )


def _names(drawings: Drawings) -> list[bytes]:
    return [name(image, label) for image, label in zip(drawings.images, drawings.labels.tolist(), strict=True)]


def _tests(drawings: Drawings) -> NDArray[np.bool_]:
    return np.zeros(len(drawings.labels), np.bool_) if drawings.test is None else drawings.test


def save(path: Path, drawings: Drawings) -> None:
    """Write them, whole or not at all. Raises CannotWrite."""
    arrays: npz.Arrays = {"images": drawings.images, "labels": drawings.labels, "names": np.array(CLASSES)}
    if drawings.test is not None:
        arrays["test"] = drawings.test
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"'{path.parent}' cannot be made: {reason(error)}.", "Check your permissions.") from error
    write_atomically(path, content.getvalue())


def load(path: Path) -> Drawings:
    """The drawings of a file or a folder, in any form that a data set may come in. Raises BadFile.

    Images of 28 x 28 grey stay as they are; others are taken for pictures of digits, and prepared. Classes are the
    digits by their names, or by their numbers where they have none.
    """
    try:
        if path.suffix == ".npz" and path.is_file():
            arrays = npz.load(path)
            if {"images", "labels"} <= arrays.keys():
                return _in_order(path, arrays)
        if path.is_dir() and (classes := folders.classes(path)):
            return _pictured(path, classes)
        parts = own.found(path)
    except OSError as error:
        raise BadFile(f"'{path}' cannot be read: {reason(error)}.", "Check the path and your permissions.") from error
    if parts.test is None:
        return _prepared(path, parts.train, parts.names)
    whole = Part(*(np.concatenate([getattr(p, n) for p in (parts.train, parts.test)]) for n in ("images", "labels")))
    of_test = np.arange(len(whole.labels)) >= len(parts.train.labels)
    return _prepared(path, whole, parts.names, of_test)


def _in_order(path: Path, arrays: npz.Arrays) -> Drawings:
    """Those of one .npz, which may say of each whether it is for the test."""
    found, test = npz.read(path), arrays.get("test")
    assert found is not None
    names = found.names
    return _prepared(path, part(path, arrays["images"], arrays["labels"]), names, test)


def _prepared(path: Path, whole: Part, names: tuple[str, ...], test: NDArray[np.bool_] | None = None) -> Drawings:
    _check_count(path, len(whole.labels))
    labels = _digits(path, whole.labels, names)
    if whole.images.shape[1:] == (digits.SIDE, digits.SIDE, 1):
        return _inked(list(whole.images[..., 0]), labels, test)
    colours = (image if image.shape[2] == 3 else np.repeat(image[..., :1], 3, 2) for image in whole.images)
    return _inked([digits.prepare(pictures.ink(image)) for image in colours], labels, test)


def _pictured(path: Path, classes: folders.Files) -> Drawings:
    files = [(file, name) for name, files in sorted(classes.items()) for file in files]
    _check_count(path, len(files))
    names = tuple(classes)
    labels = _digits(path, np.array([names.index(name) for _, name in files], np.int64), names)
    return _inked([digits.prepare(pictures.ink(pictures.read(file))) for file, _ in files], labels, None)


def _digits(path: Path, labels: NDArray[np.int64], names: tuple[str, ...]) -> NDArray[np.int64]:
    """Labels as the digits that their names are. Raises BadFile."""
    named = names or CLASSES
    if labels.size and not 0 <= labels.min() <= labels.max() < len(named):
        raise BadFile(f"'{path}' has labels from {labels.min()} to {labels.max()}.", "Label digits by 0 to 9.")
    strangers = [named[label] for label in np.unique(labels) if named[label] not in CLASSES]
    if strangers:
        raise BadFile(f"'{path}' has a class '{strangers[0]}', which is no digit.", "Name the classes 0 to 9.")
    return np.array([int(named[label]) for label in labels], np.int64)


def _inked(
    images: Sequence[NDArray[np.uint8] | None], labels: NDArray[np.int64], test: NDArray[np.bool_] | None
) -> Drawings:
    """What has ink on it."""
    kept = [index for index, image in enumerate(images) if image is not None and image.any()]
    stacked = np.array([images[index] for index in kept], np.uint8).reshape(-1, digits.SIDE, digits.SIDE)
    return Drawings(stacked, labels[kept], None if test is None else test[kept], len(images) - len(kept))


def _check_count(path: Path, count: int) -> None:
    if count > MOST:
        raise BadFile(f"'{path}' holds {count:,} images.", f"At most {MOST:,} are taken: choose some of them.")
