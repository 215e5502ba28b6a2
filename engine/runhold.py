"""Who trains a run holds its folder, so that no other window or command writes into it meanwhile."""

from __future__ import annotations

import os

from engine.errors import FlipscopeError
from engine.locks import lock
from engine.runs import CONFIG, RunFolder


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
            lock(self._file)
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
