"""The scalars of a run in bounded memory: minima and maxima over equal stretches of steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine import messages as m

CAPACITY = 8192
"""Stretches kept; when they are full, neighbours are joined and each covers twice as many steps."""

Curve = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]


class Curves:
    """Every step's loss, accuracy and flips, kept as (first step, minimum, maximum) of stretches of 2^k steps.

    A value that is not a number is passed over where the stretch has others. Memory is fixed with the first row.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        """capacity: an even number of stretches."""
        self._capacity = capacity
        self._count = 0
        self._stride = 1
        self._step = np.zeros(0, np.int64)
        self._low = np.zeros((0, 0), np.float32)
        self._high = np.zeros((0, 0), np.float32)

    @property
    def nbytes(self) -> int:
        return self._step.nbytes + self._low.nbytes + self._high.nbytes

    def add(self, scalars: m.Scalars) -> None:
        """Take over the rows of a frame."""
        rows = np.column_stack([scalars.loss, scalars.accuracy, scalars.flips]).astype(np.float32, copy=False)
        if rows.size and not self._step.size:
            self._step = np.zeros(self._capacity, np.int64)
            self._low = np.full((self._capacity, rows.shape[1]), np.nan, np.float32)
            self._high = self._low.copy()
        done = 0
        while done < len(rows):
            room = self._capacity * self._stride - self._count
            if room == 0:
                self._join_neighbours()
                continue
            self._put(scalars.step[done : done + room], rows[done : done + room])
            done += room

    def rewind(self, step: int) -> None:
        """Forget the stretches that begin after a step."""
        used = -(-self._count // self._stride)
        kept = int(np.searchsorted(self._step[:used], step, "right"))
        self._count = min(self._count, kept * self._stride)
        self._low[kept:] = self._high[kept:] = np.nan

    def get(self, column: int, first_step: int, last_step: int, points: int) -> Curve:
        """Minima and maxima of a column over [first_step, last_step], at most `points` stretches by first step."""
        used = -(-self._count // self._stride)
        if not used:
            return np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.float32)
        steps = self._step[:used]
        begin = max(0, int(np.searchsorted(steps, first_step, "right")) - 1)
        end = int(np.searchsorted(steps, last_step, "right"))
        starts = np.arange(begin, end, max(1, -(-(end - begin) // max(1, points))))
        low = np.fmin.reduceat(self._low[:end, column], starts) if starts.size else self._low[:0, column]
        high = np.fmax.reduceat(self._high[:end, column], starts) if starts.size else self._high[:0, column]
        return steps[starts], low, high

    def _put(self, steps: NDArray[np.int64], rows: NDArray[np.float32]) -> None:
        index = (self._count + np.arange(len(rows))) // self._stride
        starts = np.flatnonzero(np.diff(index, prepend=index[0] - 1))
        target = index[starts]
        fresh = target * self._stride >= self._count
        self._step[target[fresh]] = steps[starts[fresh]]
        self._low[target] = np.fmin(self._low[target], np.fmin.reduceat(rows, starts, axis=0))
        self._high[target] = np.fmax(self._high[target], np.fmax.reduceat(rows, starts, axis=0))
        self._count += len(rows)

    def _join_neighbours(self) -> None:
        half = self._capacity // 2
        self._step[:half] = self._step[::2].copy()
        self._low[:half] = np.fmin(self._low[::2], self._low[1::2])
        self._high[:half] = np.fmax(self._high[::2], self._high[1::2])
        self._low[half:] = self._high[half:] = np.nan
        self._stride *= 2
