"""Watches what is on the disk while harm is done: what was announced as saved must be there, whole, at any moment."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from engine.checkpoint import Checkpoint


class Saves:
    """Every save that was announced; a thread reads them over and over, as another program might.

    Attributes:
        wrong: what a reader saw that it must not see.
    """

    def __init__(self):
        self._announced: dict[str, int] = {}
        self.wrong: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True, name="reader of saves")
        self._thread.start()

    def announce(self, saved):
        """A save (messages.Saved) was told of."""
        self._announced[saved.path] = saved.step

    def check(self):
        """Raise AssertionError unless everything announced is there and whole."""
        for path, step in list(self._announced.items()):
            whole(path, step)
        assert not self.wrong, self.wrong

    def close(self):
        self._stop.set()
        self._thread.join()

    def _read(self):
        while not self._stop.wait(0.05):
            for path, step in list(self._announced.items())[-2:]:
                try:
                    whole(path, step)
                except Exception as error:
                    self.wrong.append(f"{path}: {error!r}")


def whole(path, step):
    """Read a save back: of that step or a later one, all numbers."""
    found = Checkpoint.load(Path(path))
    assert found.step >= step, f"{path} is of step {found.step}, but {step} was announced"
    assert all(np.all(np.isfinite(array)) for array in found.arrays.values()), path
