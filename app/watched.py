"""The past of one watched weight, in bounded memory; no Qt."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
from numpy.typing import NDArray

from engine import messages as m

MOST = 2000
"""Points kept; beyond it every other one is let go."""

Target = tuple[int, int, int]


class Watched:
    """Latent values of (layer, row, column) as frames bring them, and its flips since watching began."""

    def __init__(self, target: Target | None = None) -> None:
        self.target = target
        self._steps: list[int] = []
        self._latent: list[float] = []
        self._stride = 1
        self._flips: list[tuple[int, int]] = []
        self._before = 0  # flips that another trainer counted before the run was resumed

    def add(self, trace: m.WatchTrace) -> None:
        """Take over what a frame brought, if it is of this weight."""
        if (trace.layer, trace.row, trace.column) != self.target or not trace.step.size:
            return
        self._rewind(int(trace.step[0]))
        self._steps += trace.step[:: self._stride].tolist()
        self._latent += trace.latent[:: self._stride].tolist()
        while len(self._steps) > MOST:
            self._steps, self._latent, self._stride = self._steps[::2], self._latent[::2], self._stride * 2
        flips = self._before + trace.flips
        if not self._flips or self._flips[-1][1] != flips:
            self._flips = [*self._flips[-MOST:], (int(trace.step[-1]), flips)]

    def _rewind(self, step: int) -> None:
        """Forget a step and what follows it: the run was resumed from before it."""
        kept = bisect_left(self._steps, step)
        if kept == len(self._steps):
            return
        del self._steps[kept:], self._latent[kept:]
        self._flips = [pair for pair in self._flips if pair[0] < step]
        self._before = self._flips[-1][1] if self._flips else 0

    def latent_at(self, step: int | None) -> float | None:
        """The latent value known by a step (None: the newest), or None before watching began."""
        at = len(self._steps) if step is None else bisect_right(self._steps, step)
        return self._latent[at - 1] if at else None

    def flips_until(self, step: int | None) -> int:
        """Flips counted by a step (None: the newest) since watching began."""
        at = len(self._flips) if step is None else bisect_right(self._flips, step, key=lambda pair: pair[0])
        return self._flips[at - 1][1] if at else 0

    def trace(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Steps and latent values [n], n <= MOST."""
        return np.array(self._steps, np.int64), np.array(self._latent, np.float64)
