"""Data sets: one module each, numpy arrays out. A module here offers `NAME`, `TITLE`, `ABOUT`, `load() -> Dataset`.

One that must be fetched first offers `FETCHED` too (engine.datasets.fetched). A path stands for a data set of one's
own (engine.datasets.own).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInput, UnknownName


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, whole in memory; the arrays are read-only and shared by everybody in the process.

    Attributes:
        name, title: as typed, and for people.
        train_images, test_images: u8 [N, H, W, C]; for training there may be none.
        train_labels, test_labels: int64 [N], each below len(class_names).
        preparation: how a picture from outside becomes an input (network.Metadata.preparation).
        note: what else people should know of it, e.g. which images are for the test.
    """

    name: str
    title: str
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    preparation: str
    note: str = ""

    def __post_init__(self) -> None:
        for part, images, labels in (
            ("training", self.train_images, self.train_labels),
            ("test", self.test_images, self.test_labels),
        ):
            if images.ndim != 4 or labels.shape != images.shape[:1] or images.shape[1:] != self.input_shape:
                raise BadInput(
                    f"The {part} images {images.shape} of '{self.name}' do not fit their labels {labels.shape} "
                    f"or the input shape {self.input_shape}.",
                    "Give images as [N, H, W, C] with one label each.",
                )
            if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < len(self.class_names):
                raise BadInput(f"A {part} label of '{self.name}' names no class.", "Check the label file.")
            images.setflags(write=False)
            labels.setflags(write=False)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width, channels of one image."""
        height, width, channels = self.train_images.shape[1:]
        return height, width, channels


def names() -> tuple[str, ...]:
    """The names that `load` knows, sorted."""
    return tuple(sorted(modules()))


def at_home(text: str) -> Path:
    """The path with `~` for a home; of somebody whom the system does not know it stays as it is."""
    return Path(os.path.expanduser(text))


def identity(text: str) -> str:
    """What a run calls its data set: a name as it is, and of a path the absolute one. Raises UnknownName."""
    path = at_home(text)
    if text not in modules() and (path.exists() or {"/", "\\"} & set(text)):
        return str(path.resolve())
    module(text)
    return text


def load(name: str) -> Dataset:
    """The data set of that name, or at that path; the last two are kept until their files change.

    Raises UnknownName, NotFetched, BadFile, BadInput.
    """
    known = identity(name)
    if known not in modules():
        return _load(known, _stamp(Path(known)))
    fetched = getattr(module(known), "FETCHED", None)
    return _load(known, () if fetched is None else _stamp(fetched.path))


def load_to_train(name: str) -> Dataset:
    """The same, with something to train on: batch-norm needs two images. Raises what `load` does."""
    data = load(name)
    if (count := len(data.train_images)) < 2:
        raise BadInput(
            f"'{name}' leaves {count or 'nothing'} to train on.",
            "Give it two images or more that are not for the test.",
        )
    return data


def module(name: str) -> ModuleType:
    """The module that offers the data set of that name. Raises UnknownName."""
    if name not in modules():
        raise UnknownName("data set", name, modules())
    return modules()[name]


@cache
def modules() -> dict[str, ModuleType]:
    """Modules of this package that offer a data set, by its name."""
    found = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    return {module.NAME: module for module in found if hasattr(module, "NAME")}


@lru_cache(maxsize=2)
def _load(known: str, stamp: tuple[object, ...]) -> Dataset:  # noqa: ARG001 - another stamp is another data set
    from engine.datasets import own  # it builds on this module

    dataset: Dataset = module(known).load() if known in modules() else own.load(Path(known))
    return dataset


def _stamp(path: Path) -> tuple[object, ...]:
    """Changes with the files at a path: how many, how large, how new. What cannot be read is the readers' affair."""
    states = []
    with contextlib.suppress(OSError):  # a tree may change while it is walked
        for file in path.rglob("*") if path.is_dir() else [path]:
            with contextlib.suppress(OSError):
                states.append(file.stat())
    return (path, len(states), sum(s.st_size for s in states), max((s.st_mtime_ns for s in states), default=0))
