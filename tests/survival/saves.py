"""Watches what is on the disk while harm is done: what was announced as saved must be there, whole, at any moment."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import safetensors.numpy

from engine import runlist
from engine.checkpoint import Checkpoint
from engine.runs import CURVES, RunFolder

EVERY = 0.02
"""Seconds between two looks at the newest runs."""


class Saves:
    """A thread reads whatever changes in the newest run folders, as another program might, and checks announced saves.

    Attributes:
        announced: the step of the last save told of, by its path. wrong: what a reader saw that it must not see.
        read: files that were read whole.
    """

    def __init__(self, runs):
        self._runs = Path(runs)
        self._seen: dict[Path, tuple[int, int]] = {}
        self.announced: dict[str, int] = {}
        self.wrong: list[str] = []
        self.read = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True, name="reader of saves")
        self._thread.start()

    def announce(self, path, step):
        """A save was told of."""
        self.announced[path] = step

    def check(self):
        """Raise AssertionError unless everything announced is there, whole, and offered in the list of runs."""
        for path, step in list(self.announced.items())[-3:]:
            whole(Path(path), step)
            row = runlist.row(RunFolder(Path(path).parent))
            assert (row.problem, row.saved) == ("", path), row
        assert not self.wrong, self.wrong

    def close(self):
        self._stop.set()
        self._thread.join()

    def _read(self):
        while not self._stop.wait(EVERY):
            newest = sorted(self._runs.glob("*/"))[-2:]
            for file in (file for folder in newest for file in folder.glob("[!.]*")):
                try:
                    self._look(file)
                except Exception as error:
                    self.wrong.append(f"{file}: {error!r}")

    def _look(self, file):
        state = file.stat()
        if self._seen.get(file) == (state.st_ino, state.st_mtime_ns):
            return
        self._seen[file] = (state.st_ino, state.st_mtime_ns)
        match file.suffix:
            case ".json":
                RunFolder(file.parent).read_json(file.name)
            case ".csv":
                RunFolder(file.parent).rows(file.name)
            case ".safetensors" if file.name == CURVES:
                safetensors.numpy.load(file.read_bytes())
            case _:
                whole(file, self.announced.get(str(file), 0))
        self.read += 1


def whole(path, step):
    """Read a save back: of that step or a later one, all numbers."""
    found = Checkpoint.load(path)
    assert found.step >= step, f"{path} is of step {found.step}, but {step} was announced"
    assert all(np.all(np.isfinite(array)) for array in found.arrays.values()), path
