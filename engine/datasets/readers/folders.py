"""A folder of pictures: one folder a class, named by it, perhaps apart in `train` and `test`."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from engine.datasets.readers import MOST_BYTES, Found, Part
from engine.errors import BadFile
from engine.inference import pictures

FORM = "a folder with one folder of pictures for each class, or such folders in 'train' and 'test'"
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})
LARGEST_SIDE = 64
"""Pictures that are all of one size, and no larger than this, stay as they are."""
SIDE = 32
"""Others are brought to this height and width, each by averaging."""

Files = dict[str, list[Path]]
"""Pictures of each class, in the order of their names."""


def read(path: Path) -> Found | None:
    """Pictures by class; colour where any picture has it. Raises BadFile."""
    train, test = classes(path / "train"), classes(path / "test")
    if not train:
        train, test = classes(path), {}
    if not train:
        return None
    names = tuple(sorted(train))
    strangers = sorted(set(test) - set(names))
    if strangers:
        stranger = path / "test" / strangers[0]
        raise BadFile(f"'{stranger}' is a class without training pictures.", "Add some, or remove it.")
    shape = _shape(path, [file for files in (train, test) for of_class in files.values() for file in of_class])
    return Found(_part(train, names, shape), _part(test, names, shape) if test else None, names)


def classes(folder: Path) -> Files:
    """The classes of a folder: its folders with pictures in them."""
    if not folder.is_dir():
        return {}
    folders = [entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    found = {entry.name: sorted(file for file in entry.iterdir() if _is_picture(file)) for entry in folders}
    return {name: files for name, files in found.items() if files}


def _is_picture(file: Path) -> bool:
    """By its name; the hidden ones that some systems lay beside are none."""
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()


def _shape(path: Path, files: list[Path]) -> tuple[int, int, int]:
    """The one shape that all pictures are brought to, known before any is decoded."""
    looks = {pictures.look(file) for file in files}
    sizes = {(height, width) for height, width, _ in looks}
    height, width = next(iter(sizes)) if len(sizes) == 1 else (SIDE, SIDE)
    if max(height, width) > LARGEST_SIDE:
        height = width = SIDE
    shape = (height, width, 1 if all(grey for _, _, grey in looks) else 3)
    if len(files) * math.prod(shape) > MOST_BYTES:
        raise BadFile(f"'{path}' holds {len(files):,} pictures, too many to keep in memory.", "Choose some of them.")
    return shape


def _part(classes: Files, names: tuple[str, ...], shape: tuple[int, int, int]) -> Part:
    files = [(file, names.index(name)) for name in sorted(classes) for file in classes[name]]
    images = np.empty((len(files), *shape), np.uint8)
    for image, (file, _) in zip(images, files, strict=True):
        image[:] = pictures.resized(pictures.read(file), shape)
    return Part(images, np.array([label for _, label in files], np.int64))
