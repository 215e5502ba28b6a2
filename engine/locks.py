"""Locks of the system's on files: they end with the process that holds them, however that ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

FAR = 1 << 30
"""Where Windows locks a byte: beyond the end of the file, so that everybody can go on reading it."""
PATIENCE = 1.0
"""Seconds that another process is waited for: writing takes it a hundredth of one, unless it was stopped."""
_PAUSE = 0.002


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Read a file and write it again with no other process doing so meanwhile: the others wait for their turn.

    The lock is on a file beside it, since writing puts another file in its place. Where it cannot be had within
    PATIENCE - the file system knows no locks, its holder was stopped - it is done without.
    """
    file: int | None = None
    try:
        with contextlib.suppress(OSError):
            file = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
            _wait(file)
        yield
    finally:
        if file is not None:
            os.close(file)


def _wait(file: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(BlockingIOError):
            lock(file)
            return
        time.sleep(_PAUSE)


if sys.platform == "win32":
    import msvcrt

    def lock(file: int) -> None:
        """Lock an open file until it is closed. Raises BlockingIOError where another process has."""
        os.lseek(file, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

else:
    import fcntl

    def lock(file: int) -> None:
        """Lock an open file until it is closed. Raises BlockingIOError where another process has."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
