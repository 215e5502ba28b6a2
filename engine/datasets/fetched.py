"""Data sets that are fetched once: what is known of them before, and where they are afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import paths
from engine.datasets import Dataset
from engine.datasets.readers import npz
from engine.errors import BadFile, FlipscopeError


class NotFetched(FlipscopeError):
    """A data set that is not on this machine; the remedy is the command that fetches it."""


@dataclass(frozen=True)
class Download:
    """One file that is fetched. path: below the folder that torchvision is given; size: bytes; url: where it is."""

    path: str
    size: int
    url: str


@dataclass(frozen=True)
class Fetched:
    """A data set that torchvision fetches, and that is kept as a plain .npz afterwards.

    Attributes:
        torchvision: its class there; splits: what that class is given for training and for test.
        counts: training and test images. input_shape: height, width, channels.
        downloads: what is fetched.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int]
    counts: tuple[int, int]
    torchvision: str
    splits: tuple[Mapping[str, Any], Mapping[str, Any]]
    downloads: tuple[Download, ...]
    preparation: str = "resize"

    @property
    def path(self) -> Path:
        """The file that keeps it, with train_images, train_labels, test_images and test_labels."""
        return paths.cache_dir() / "data" / f"{self.name}.npz"

    @property
    def folder(self) -> Path:
        """Where its files are while they are fetched."""
        return paths.cache_dir() / "data" / self.name

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(file.size for file in self.downloads)

    def load(self) -> Dataset:
        """Read what was fetched. Raises NotFetched, BadFile."""
        fetch = f"python main.py data fetch {self.name}"
        if not self.path.exists():
            what = f"{self.title} is not on this machine."
            raise NotFetched(what, f"Fetch its {self.size / 1e6:,.0f} MB by '{fetch}'.")
        found = npz.read(self.path)
        test = None if found is None else found.test
        if found is None or test is None or not self._is_whole(len(found.train.images), len(test.images)):
            raise BadFile(f"'{self.path}' does not hold {self.title}.", f"Delete it and fetch it again by '{fetch}'.")
        return Dataset(
            name=self.name,
            title=self.title,
            train_images=found.train.images,
            train_labels=found.train.labels,
            test_images=test.images,
            test_labels=test.labels,
            class_names=self.class_names,
            preparation=self.preparation,
        )

    def _is_whole(self, *counts: int) -> bool:
        return counts == self.counts
