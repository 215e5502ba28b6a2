"""The scalars of a run in bounded memory: minima, maxima and means over equal stretches of steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.errors import BadInput

CAPACITY = 8192
"""Stretches kept; when they are full, neighbours are joined and each covers twice as many steps."""

LOSS, ACCURACY, FLIPS = 0, 1, 2
"""Columns; from FLIPS on there is one for each layer."""

Curve = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]
Arrays = dict[str, NDArray[np.generic]]


class Curves:
    """Every step's loss, accuracy and flips, kept as (first step, minimum, maximum, sum) of stretches of 2^k steps.

    A value that is not a number is passed over where the stretch has others, except in means. Memory is fixed with
    the first row.
    """

    def __init__(self, capacity: int = CAPACITY, weights: tuple[int, ...] = ()) -> None:
        """capacity: an even number of stretches. weights: how many each layer has, kept beside for who reads."""
        self._capacity = capacity
        self.weights = weights
        self._count = 0
        self._stride = 1
        self._allocate(0, 0)

    @property
    def nbytes(self) -> int:
        return self._step.nbytes + self._low.nbytes + self._high.nbytes + self._sum.nbytes

    @property
    def columns(self) -> int:
        """How many values a step has; 0 before the first."""
        return int(self._low.shape[1])

    def add(self, scalars: m.Scalars) -> None:
        """Take over the rows of a frame."""
        rows = np.column_stack([scalars.loss, scalars.accuracy, scalars.flips]).astype(np.float32, copy=False)
        if rows.size and not self._step.size:
            self._allocate(self._capacity, rows.shape[1])
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
        kept = int(np.searchsorted(self._step[: self._used], step, "right"))
        self._count = min(self._count, kept * self._stride)
        self._low[kept:] = self._high[kept:] = np.nan
        self._sum[kept:] = 0

    # ------------------------------------------------------------ reading

    def get(self, column: int, first_step: int, last_step: int, points: int) -> Curve:
        """Minima and maxima of a column over [first_step, last_step], at most `points` stretches by first step."""
        steps, starts, end = self._parts(first_step, last_step, points)
        low = np.fmin.reduceat(self._low[:end, column], starts) if starts.size else np.zeros(0, np.float32)
        high = np.fmax.reduceat(self._high[:end, column], starts) if starts.size else np.zeros(0, np.float32)
        return steps, low, high

    def means(self, points: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """First steps [n], n <= points, of even parts of the run, and the mean of each column there [n, columns]."""
        steps, starts, end = self._parts(0, np.iinfo(np.int64).max, points)
        if not starts.size:
            return steps, np.zeros((0, self.columns))
        rows = np.clip(self._count - np.arange(end) * self._stride, 0, self._stride)
        sums = np.add.reduceat(self._sum[:end], starts, axis=0)
        return steps, sums / np.add.reduceat(rows, starts)[:, None]

    def _parts(self, first: int, last: int, points: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """First step and first stretch of at most so many parts, and the stretch where they end."""
        steps = self._step[: self._used]
        begin = max(0, int(np.searchsorted(steps, first, "right")) - 1)
        end = int(np.searchsorted(steps, last, "right"))
        starts = np.arange(begin, end, max(1, -(-(end - begin) // max(1, points))))
        return steps[starts], starts, end

    @property
    def _used(self) -> int:
        return -(-self._count // self._stride)

    # ------------------------------------------------------------ keeping

    def to_arrays(self) -> Arrays:
        """All of it, for a file or a pipe."""
        used = self._used
        return {
            "size": np.array([self._count, self._stride], np.int64),
            "weights": np.array(self.weights, np.int64),
            "step": self._step[:used].copy(),
            "low": self._low[:used].copy(),
            "high": self._high[:used].copy(),
            "sum": self._sum[:used].copy(),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], capacity: int = CAPACITY) -> Curves:
        """What `to_arrays` gave, in a capacity of its own. Raises BadInput where the arrays do not hold together."""
        count, stride = _checked(arrays)
        made = cls(capacity, tuple(int(n) for n in arrays["weights"]))
        used, columns = arrays["low"].shape
        made._allocate(max(capacity, used + used % 2) if used else 0, columns)
        made._count, made._stride = count, stride
        for name in ("step", "low", "high", "sum"):
            getattr(made, f"_{name}")[:used] = arrays[name]
        while made._used > capacity:
            made._join_neighbours()
        for name in ("step", "low", "high", "sum"):
            setattr(made, f"_{name}", getattr(made, f"_{name}")[:capacity])
        return made

    # ------------------------------------------------------------ making

    def _allocate(self, capacity: int, columns: int) -> None:
        self._step = np.zeros(capacity, np.int64)
        self._low = np.full((capacity, columns), np.nan, np.float32)
        self._high = self._low.copy()
        self._sum = np.zeros((capacity, columns), np.float64)

    def _put(self, steps: NDArray[np.int64], rows: NDArray[np.float32]) -> None:
        index = (self._count + np.arange(len(rows))) // self._stride
        starts = np.flatnonzero(np.diff(index, prepend=index[0] - 1))
        target = index[starts]
        fresh = target * self._stride >= self._count
        self._step[target[fresh]] = steps[starts[fresh]]
        self._low[target] = np.fmin(self._low[target], np.fmin.reduceat(rows, starts, axis=0))
        self._high[target] = np.fmax(self._high[target], np.fmax.reduceat(rows, starts, axis=0))
        self._sum[target] += np.add.reduceat(rows, starts, axis=0, dtype=np.float64)
        self._count += len(rows)

    def _join_neighbours(self) -> None:
        half = len(self._step) // 2
        self._step[:half] = self._step[::2].copy()
        self._low[:half] = np.fmin(self._low[::2], self._low[1::2])
        self._high[:half] = np.fmax(self._high[::2], self._high[1::2])
        self._sum[:half] = self._sum[::2] + self._sum[1::2]
        self._low[half:] = self._high[half:] = np.nan
        self._sum[half:] = 0
        self._stride *= 2


def _checked(arrays: Mapping[str, NDArray[np.generic]]) -> tuple[int, int]:
    """Count and stride of arrays that hold together; BadInput elsewhere."""
    if all(name in arrays and arrays[name].dtype == dtype for name, dtype in _DTYPES.items()):
        size, steps, low = arrays["size"], arrays["step"], arrays["low"]
        if size.shape == (2,) and arrays["weights"].ndim == steps.ndim == 1 and low.ndim == 2:
            count, stride = (int(n) for n in size)
            alike = all(arrays[name].shape == (len(steps), low.shape[1]) for name in ("low", "high", "sum"))
            alike = alike and bool(np.all(arrays["weights"].astype(np.int64) > 0))
            covered = 0 <= count < 1 << 62 and stride > 0 and len(steps) == -(-count // stride)
            if alike and covered and stride & (stride - 1) == 0 and np.all(np.diff(steps.astype(np.int64)) > 0):
                return count, stride
    raise BadInput("These are not the curves of a run.", "They are made again by training on.")


_DTYPES = {
    "size": np.int64, "weights": np.int64, "step": np.int64, "low": np.float32, "high": np.float32, "sum": np.float64,
}  # fmt: skip
