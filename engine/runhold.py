"""Who trains a run holds its folder, so that no other window or command writes into it meanwhile."""

from __future__ import annotations

import os
import sys

from engine.errors import FlipscopeError
from engine.runs import CONFIG, RunFolder

FAR = 1 << 30
"""Where Windows locks a byte: beyond the end of the file, so that everybody can go on reading it."""


class InUse(FlipscopeError):
    """Another window or command trains the run."""

    def __init__(self, run: str) -> None:
        super().__init__(f"The run '{run}' is being trained elsewhere.", "Stop it there, or branch from a checkpoint.")

    def __reduce__(self) -> tuple[type[FlipscopeError], tuple[str, str]]:
        return (FlipscopeError, (self.what, self.remedy))


class Hold:
    """A run folder held by this process until `release`, or until the process ends, however it ends.

    It is a lock of the system's on the file of the settings, which is written once. Where that cannot be had - the
    file is missing or may not be written, the file system knows no locks - nothing is held. Raises InUse.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._file: int | None = None
        try:
            self._file = os.open(folder.path / CONFIG, os.O_RDWR)
            _lock(self._file)
        except BlockingIOError:
            self.release()
            raise InUse(folder.name) from None
        except OSError:
            self.release()

    def release(self) -> None:
        """Let others have it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
