"""Fetches data sets in a job child by the one downloader; torchvision's classes check, unpack and read the images."""

from __future__ import annotations

import io
import shutil
import tarfile
import threading
import time
import zlib
from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.datasets import catalogue
from engine.datasets.fetched import Fetchable, Fetched
from engine.download import NET, NotPublished, download, partial, size_of
from engine.errors import FlipscopeError
from engine.files import cannot_write, write_atomically
from engine.graph.published import GRAPHS, PARTS
from engine.pace import Pace

REPORT_EVERY = 0.1

Arrays = dict[str, NDArray[Any]]
Part = tuple[NDArray[np.uint8], NDArray[np.int64]]

_REFUSALS = (*NET, NotPublished, RuntimeError, EOFError, tarfile.TarError, zlib.error)
"""What the net raises, and torchvision and the readers it calls where a file is not as it should be."""


def fetch(name: str) -> Generator[m.Event, None, None]:
    """Fetch a data set into the cache; yields Progress some times a second, and at the end DataFetched.

    What has come is kept where it fails or is ended, and is not fetched again. Raises UnknownName, and FlipscopeError
    where the net or the disk refuses.
    """
    one = catalogue.fetchable(name)
    if not one.kept:
        work = _Work(one)
        work.start()
        pace = Pace(time.monotonic, _share(one))
        while work.is_alive():
            work.join(REPORT_EVERY)
            yield pace.timed(_progress(one))
        if work.error is not None:
            raise work.error
    yield m.DataFetched(name, str(one.path))


class _Work(threading.Thread):
    """The net and torchvision do not return before all is done: a thread waits, and ends with the process at last."""

    def __init__(self, one: Fetchable) -> None:
        super().__init__(daemon=True, name=f"fetching {one.name}")
        self._one = one
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            _fetch(self._one)
        except _REFUSALS as error:
            self.error = _refusal(self._one, error)
        except Exception as error:  # raised anew where somebody listens
            self.error = error


def _fetch(one: Fetchable) -> None:
    """Download, check, read, write as one .npz, and remove what is no longer needed."""
    try:
        for file in one.downloads:
            (one.folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        _remove_unpacked(one)
    except OSError as error:
        raise cannot_write(one.folder, error) from error
    for file in one.downloads:
        download(file.url, one.folder / file.path, file.most, file.md5)
    arrays = _images(one) if isinstance(one, Fetched) else _graph(one)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    write_atomically(one.path, content.getvalue())
    shutil.rmtree(one.folder, ignore_errors=True)


def _images(one: Fetched) -> Arrays:
    """Both parts of a data set of images."""
    (train_images, train_labels), (test_images, test_labels) = (_read(one, split) for split in one.splits)
    return {
        "train_images": train_images,
        "train_labels": train_labels,
        "test_images": test_images,
        "test_labels": test_labels,
    }


def _graph(one: Fetchable) -> Arrays:
    """A graph in Planetoid's files, once the checksum of all of them is right."""
    from engine.graph import planetoid, sources

    known = GRAPHS[one.name]
    contents = {
        part: planetoid.content(known.folder / file.path) for part, file in zip(PARTS, known.downloads, strict=True)
    }
    if not known.is_it(contents.values()):
        shutil.rmtree(known.folder)
        raise NotPublished("What came is not what was published: its checksum is another.", "Try again.")
    return sources.to_npz(planetoid.parsed(contents, known.name))


def _remove_unpacked(one: Fetchable) -> None:
    """Only the downloads have checksums: what was unpacked before, perhaps not to its end, is unpacked again."""
    whole = [one.folder / file.path for file in one.downloads]
    kept = {*whole, *map(partial, whole)}
    for path in one.folder.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()


def _read(one: Fetched, split: Mapping[str, Any]) -> Part:
    """Images u8 [N, H, W, C] and labels int64 [N] of a part, as torchvision reads them."""
    import torchvision  # slow to import, and needed here only

    part = getattr(torchvision.datasets, one.torchvision)(one.folder, download=True, **split)
    images = np.asarray(part.data)
    if images.ndim == 3:
        images = images[..., np.newaxis]
    elif images.shape[1:] != one.input_shape:
        images = images.transpose(0, 2, 3, 1)  # SVHN's have their channels first
    labels = np.asarray(part.targets if hasattr(part, "targets") else part.labels, np.int64)
    return images, labels


def _progress(one: Fetchable) -> m.Progress:
    """How far the downloads are, by the sizes of their files."""
    share = _share(one)
    if share == 1:
        return m.Progress("job", f"Unpacking {one.title}")
    there, size = share * one.size / 1e6, one.size / 1e6
    return m.Progress("job", f"Fetching {one.title}: {there:.1f} of {size:.1f} MB", share)


def _share(one: Fetchable) -> float:
    return min(1.0, sum(size_of(one.folder / file.path) for file in one.downloads) / one.size)


def _refusal(one: Fetchable, error: Exception) -> FlipscopeError:
    what = error.what if isinstance(error, NotPublished) else str(error)
    lines = what.strip().splitlines() or [type(error).__name__]
    why = lines[-1].removeprefix("<urlopen error ").rstrip(">.")
    files, folder = ", ".join(file.url for file in one.downloads), (one.folder / one.downloads[0].path).parent
    return FlipscopeError(
        f"{one.title} could not be fetched: {why}.",
        f"Connect to the net and try again, it goes on from what has come; or bring {files} into '{folder}' by other "
        "means, and try again.",
    )
