"""One draw of failing cells, scored over the whole test set: on as many threads as there are, each by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.faults.cells import Failures
from engine.faults.memories import NO_ANSWER, Memory
from engine.streams import stream

TOGETHER = {"read": 1000, "image": 1}
"""Images that are read with the same bits wrong; all of them where bits are stored wrong."""

Score = tuple[float, float]
"""Share of the answers that are right, and that are none."""


class Memories:
    """Memories of one network, for as many threads as ask at once."""

    def __init__(self, first: Memory) -> None:
        self._first = first
        self._idle = [first]

    @contextmanager
    def lent(self) -> Iterator[Memory]:
        """A sound one that nobody else uses meanwhile; to be given back sound."""
        try:
            memory = self._idle.pop()
        except IndexError:
            memory = self._first.another()
        yield memory
        self._idle.append(memory)


@dataclass
class Series:
    """One curve: a network's memories, and which of its layers have faults."""

    name: str
    memories: Memories
    layers: Sequence[int]
    packed: bool = True
    seconds: float = 0.0
    """What one draw takes, about."""
    accuracies: dict[float, float] = field(default_factory=dict)
    """The mean of each rate."""


@dataclass(frozen=True)
class Trial:
    """The labels int64 [B] of the test set, and how cells fail."""

    labels: NDArray[np.int64]
    failures: Failures
    seed: int

    def draw(self, series: Series, rate: float, number: int) -> Score:
        """How a series answers with cells failing as in draw `number`. Any number of threads may draw at once."""
        right = silent = 0
        size = TOGETHER.get(self.failures.kind, len(self.labels))
        with series.memories.lent() as memory:
            for start in range(0, len(self.labels), size):
                for layer in series.layers if rate else ():
                    rng = stream("faults", self.seed, number, layer, start)
                    stored = partial(memory.stored, layer)
                    memory.flip(layer, self.failures.draw(rng, memory.cells[layer], rate, stored))
                which = slice(start, start + size)
                answers = memory.answers(which)
                memory.restore()
                right += int((answers == self.labels[which]).sum())
                silent += int((answers == NO_ANSWER).sum())
        return right / len(self.labels), silent / len(self.labels)
