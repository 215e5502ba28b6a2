"""Downloads: resumed where they broke off, limited, checked, written beside and renamed when they are whole.

By urllib, which goes through the proxies that http_proxy, https_proxy and no_proxy name. Takes as long as the net does:
call it in a thread of a process that may be ended at any moment; what has come by then is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import FlipscopeError
from engine.files import cannot_write

SILENCE = 30.0
"""Seconds without a byte after which a connection is given up."""
ATTEMPTS = 5
"""Connections that may break off, one after another, as long as each has brought something."""
SLICE = 1 << 16
HEADERS = {"User-Agent": "flipscope"}

NET = (OSError, http.client.HTTPException, ValueError)
"""What is raised where the net refuses; ValueError where an address is none."""


class NotPublished(FlipscopeError):
    """What came is not what was published."""


def partial(path: Path) -> Path:
    """Where the beginning of a file is until all of it has come."""
    return path.with_name(f"{path.name}.part")


def size_of(path: Path) -> int:
    """Bytes of a file, whole or begun; 0 where there is nothing yet."""
    return _octets(path) or _octets(partial(path))


def download(url: str, path: Path, most: int, md5: str = "") -> None:
    """Have `path` hold the file at an address, which goes on where an earlier call left off; `size_of` tells how far.

    most: bytes that are taken at most. md5: of the published file, "" where that is not known.
    Raises CannotWrite; NotPublished for another checksum or more bytes; one of NET.
    """
    part = partial(path)
    if path.exists() and _is_published(path, md5):
        return
    resumed = part.exists()
    _bring(url, part, most)
    if resumed and not _is_published(part, md5):  # it may be the beginning of another file
        _remove(part)
        _bring(url, part, most)
    if not _is_published(part, md5):
        _remove(part)
        raise NotPublished(f"What came from {url} is not what was published: its checksum is another.", "Try again.")
    try:
        os.replace(part, path)
    except OSError as error:
        raise cannot_write(path, error) from error


def _bring(url: str, part: Path, most: int) -> None:
    """Connect until all has come; a connection that brought nothing is the last."""
    for left in reversed(range(ATTEMPTS)):
        before = _octets(part)
        try:
            _go_on(url, part, most)
        except NET as error:
            if left and _octets(part) > before and not isinstance(error, urllib.error.HTTPError):
                continue
            raise
        return


def _go_on(url: str, part: Path, most: int) -> None:
    """Append what is still missing, or all of it from a server that knows no ranges."""
    there = _octets(part)
    asked = urllib.request.Request(url, headers=HEADERS | ({"Range": f"bytes={there}-"} if there else {}))
    try:
        answer = urllib.request.build_opener().open(asked, timeout=SILENCE)
    except urllib.error.HTTPError as error:
        if there and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is missing; whether it is the right file, its checksum says
        raise
    with answer:
        start = there if _begins_at(answer, there) else 0
        length = int(answer.headers["Content-Length"] or -1)
        came = start
        for came in _written(answer, part, start):
            if came > most:
                _remove(part)
                raise NotPublished(f"{url} sends more than the {most:,} bytes that are taken.", "Try again later.")
    if length > came - start:
        raise ConnectionError(f"the connection broke off after {came:,} bytes")


def _begins_at(answer: Any, there: int) -> bool:
    """Whether an answer goes on after so many bytes."""
    begins = str(answer.headers["Content-Range"]).startswith(f"bytes {there}-")
    return begins and answer.status == http.HTTPStatus.PARTIAL_CONTENT


def _written(answer: Any, part: Path, start: int) -> Iterator[int]:
    """Write an answer down; yields the bytes that are there after each slice. Raises CannotWrite."""
    came = start
    try:
        file = part.open("ab" if start else "wb")
    except OSError as error:
        raise cannot_write(part, error) from error
    with file:
        while piece := answer.read1(SLICE):
            try:
                file.write(piece)
                file.flush()
            except OSError as error:
                raise cannot_write(part, error) from error
            came += len(piece)
            yield came


def _is_published(path: Path, md5: str) -> bool:
    """Whether a file has that checksum, or none is known."""
    if not md5:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest() == md5


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)  # against damage: it is what was published


def _octets(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # not begun
        return 0


def _remove(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink()
