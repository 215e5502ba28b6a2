"""Data sets of one's own: a file or a folder, in any of the forms that the readers know."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from engine import digits
from engine.datasets import Dataset, readers
from engine.datasets.readers import Found, Part
from engine.errors import BadFile, reason

MOST_CLASSES = 1000
LONGEST_NAME = 100
"""Characters of a class's name: a model's header has room for the names of as many classes as are read."""
SAMPLE = 100
"""Images that are looked at to know what they are."""
EVERY = 5
"""Where a path makes no difference between training and test, every fifth image of each class is for the test."""


def load(path: Path) -> Dataset:
    """Read what is at a path; its name as a data set is the absolute path. Raises BadFile, BadInput."""
    try:
        parts = found(path)
    except OSError as error:
        raise BadFile(f"'{path}' cannot be read: {reason(error)}.", "Check the path and your permissions.") from error
    train, test = (parts.train, parts.test) if parts.test is not None else split(parts.train)
    if not len(test.images):
        remedy = f"Give at least {EVERY} images of a class, or mark those for the test (docs/data.md)."
        raise BadFile(f"'{path}' leaves nothing to test.", remedy)
    note = "" if parts.test is not None else "Every fifth image of each class is for the test."
    return Dataset(
        name=str(path),
        title=path.name,
        train_images=train.images,
        train_labels=train.labels,
        test_images=test.images,
        test_labels=test.labels,
        class_names=_names(path, parts.names, train, test),
        preparation="mnist" if _are_prepared(train.images if len(train.images) else test.images) else "resize",
        note=note,
    )


def split(whole: Part) -> tuple[Part, Part]:
    """Every fifth image of each class for the test, in the order they come in; the others for training."""
    of_test = np.zeros(len(whole.labels), np.bool_)
    for label in np.unique(whole.labels):
        of_test[np.flatnonzero(whole.labels == label)[EVERY - 1 :: EVERY]] = True
    return whole.taken(~of_test), whole.taken(of_test)


def found(path: Path) -> Found:
    """What the first reader finds that knows the form of a path. Raises BadFile, OSError."""
    if not path.exists():
        raise BadFile(f"There is no data set at '{path}'.", "Check the path, or bring it to this machine first.")
    for reader in _readers():
        parts: Found | None = reader.read(path)
        if parts is not None:
            return parts
    forms = "; ".join(reader.FORM for reader in _readers())
    raise BadFile(f"'{path}' holds no data set in a form that is read.", f"Read are: {forms}.")


def _are_prepared(images: NDArray[np.uint8]) -> bool:
    """Whether these are handwriting as MNIST's preparation leaves it, so that what people draw is prepared alike."""
    if images.shape[1:] != (digits.SIDE, digits.SIDE, 1):
        return False
    some = images[:SAMPLE, ..., 0]
    prepared = [digits.prepare(image) for image in some]
    same = [np.array_equal(image, after) for image, after in zip(some, prepared, strict=True) if after is not None]
    return sum(same) > len(some) / 2


def _names(path: Path, given: tuple[str, ...], train: Part, test: Part) -> tuple[str, ...]:
    """The classes by name, or by the numbers up to the highest label."""
    labels = np.concatenate([train.labels, test.labels])
    names = given or tuple(str(i) for i in range(min(int(labels.max()), MOST_CLASSES) + 1))
    if not 0 <= labels.min() <= labels.max() < len(names) <= MOST_CLASSES:
        what = f"'{path}' has labels from {labels.min()} to {labels.max()} and {len(names)} names of classes."
        raise BadFile(what, f"Count the classes from 0; at most {MOST_CLASSES} are read.")
    if max(map(len, names)) > LONGEST_NAME:
        what = f"'{path}' has a class whose name has {max(map(len, names)):,} characters."
        raise BadFile(what, f"Give it one of at most {LONGEST_NAME}.")
    return names


@cache
def _readers() -> tuple[ModuleType, ...]:
    modules = pkgutil.iter_modules(readers.__path__)
    return tuple(importlib.import_module(f"{readers.__name__}.{info.name}") for info in modules)
