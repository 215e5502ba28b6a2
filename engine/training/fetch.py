"""Fetches data sets in a job child: images by torchvision's own downloads, checksums and readers, graphs by ours."""

from __future__ import annotations

import io
import shutil
import socket
import tarfile
import threading
import time
import urllib.request
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.datasets import catalogue
from engine.datasets.fetched import Fetchable, Fetched
from engine.errors import FlipscopeError
from engine.files import CannotWrite, write_atomically
from engine.graph.published import GRAPHS, PARTS
from engine.pace import Pace

REPORT_EVERY = 0.1
SILENCE = 30.0
"""Seconds without a byte after which a connection is given up."""

Arrays = dict[str, NDArray[Any]]
Part = tuple[NDArray[np.uint8], NDArray[np.int64]]

_REFUSALS = (RuntimeError, OSError, EOFError, ValueError, tarfile.TarError, zlib.error)
"""What torchvision and the readers it calls raise where the net, the disk or a file is not as it should be."""


def fetch(name: str) -> Generator[m.Event, None, None]:
    """Fetch a data set into the cache; yields Progress some times a second, and at the end DataFetched.

    The files that were fetched whole are kept where it fails, and are not fetched again. Raises UnknownName, and
    FlipscopeError where the net or the disk refuses.
    """
    one = catalogue.fetchable(name)
    if not one.path.exists():
        work = _Work(one)
        work.start()
        pace = Pace(time.monotonic)
        while work.is_alive():
            work.join(REPORT_EVERY)
            yield pace.timed(_progress(one))
        if work.error is not None:
            raise work.error
    yield m.DataFetched(name, str(one.path))


class _Work(threading.Thread):
    """Torchvision does not return before all is done: it has a thread, which ends with the process at the latest."""

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
        one.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"'{one.folder}' cannot be made: {error}.", "Check the disk and your permissions.") from error
    _remove_halves(one)
    with _patience():
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
    """A graph in Planetoid's files: those that are there already are not fetched again."""
    from engine.graph import planetoid, sources

    known = GRAPHS[one.name]
    contents = {}
    for part, file in zip(PARTS, known.downloads, strict=True):
        path = known.folder / file.path
        if not path.exists():
            with urllib.request.urlopen(file.url) as answer:
                write_atomically(path, answer.read(planetoid.MOST_BYTES + 1))
        contents[part] = planetoid.content(path)
    if not known.is_it(contents.values()):
        shutil.rmtree(known.folder)
        raise ValueError("what came is not what was published, its checksum is another")
    return sources.to_npz(planetoid.parsed(contents, known.name))


@contextmanager
def _patience() -> Iterator[None]:
    """Connections that fall silent are given up; torchvision sets no limit of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _remove_halves(one: Fetchable) -> None:
    """Only the downloads have checksums: what was unpacked before, perhaps not to its end, is unpacked again."""
    kept = {one.folder / file.path for file in one.downloads}
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
    there = sum(_size(one.folder / file.path) for file in one.downloads)
    share = min(1.0, there / one.size)
    if share == 1:
        return m.Progress("job", f"Unpacking {one.title}")
    return m.Progress("job", f"Fetching {one.title}: {there / 1e6:.0f} of {one.size / 1e6:.0f} MB", share)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # not begun
        return 0


def _refusal(one: Fetchable, error: Exception) -> FlipscopeError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    why = lines[-1].removeprefix("<urlopen error ").rstrip(">.")
    files, folder = ", ".join(file.url for file in one.downloads), (one.folder / one.downloads[0].path).parent
    return FlipscopeError(
        f"{one.title} could not be fetched: {why}.",
        f"Connect to the net and try again; or bring {files} into '{folder}' by other means, and try again.",
    )
