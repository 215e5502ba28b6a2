"""Data sets that are fetched once: what is known of them before, and where they are afterwards."""

from __future__ import annotations

import os
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
    """One file that is fetched.

    path: below the folder that torchvision is given. size: bytes. url: where it is. md5: its checksum, "" where only
    that of all files together was published.
    """

    path: str
    size: int
    url: str
    md5: str = ""

    @property
    def most(self) -> int:
        """Bytes that are taken at most: somewhat more than it has, for some sizes are known about only."""
        return 4 * self.size + (1 << 20)


@dataclass(frozen=True)
class Fetchable:
    """A data set that is fetched once and kept as a plain .npz afterwards.

    Attributes:
        downloads: what is fetched. class_names: in the order of the labels.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    downloads: tuple[Download, ...]

    @property
    def path(self) -> Path:
        """The file that keeps it."""
        return paths.cache_dir() / "data" / f"{self.name}.npz"

    @property
    def kept(self) -> bool:
        """Whether that file is there. One that nobody here may see is not."""
        return os.path.exists(self.path)

    @property
    def folder(self) -> Path:
        """Where its files are while they are fetched."""
        return paths.cache_dir() / "data" / self.name

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(file.size for file in self.downloads)

    @property
    def command(self) -> str:
        """What fetches it."""
        return f"flipscope data fetch {self.name}"

    def missing(self) -> NotFetched:
        """What to raise where it is not there."""
        megabytes = f"{max(1.0, self.size / 1e6):,.0f} MB"
        return NotFetched(f"{self.title} is not on this machine.", f"Fetch its {megabytes} by '{self.command}'.")

    def damaged(self) -> BadFile:
        """What to raise where the file that keeps it holds something else."""
        return BadFile(
            f"'{self.path}' does not hold {self.title}.", f"Delete it and fetch it again by '{self.command}'."
        )


@dataclass(frozen=True)
class Fetched(Fetchable):
    """Images that torchvision fetches: train_images, train_labels, test_images and test_labels in the end.

    Attributes:
        torchvision: its class there; splits: what that class is given for training and for test.
        counts: training and test images. input_shape: height, width, channels.
    """

    input_shape: tuple[int, int, int]
    counts: tuple[int, int]
    torchvision: str
    splits: tuple[Mapping[str, Any], Mapping[str, Any]]
    preparation: str = "resize"

    def load(self) -> Dataset:
        """Read what was fetched. Raises NotFetched, BadFile."""
        if not self.kept:
            raise self.missing()
        found = npz.read(self.path)
        test = None if found is None else found.test
        if found is None or test is None or not self._is_whole(len(found.train.images), len(test.images)):
            raise self.damaged()
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
