"""Every input of a region through a backend: exact for any network, as long as they are not too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.bits import pack, unpack
from engine.inference.backend import Program
from engine.verify.answers import Answer, Budget, OutOfBudget
from engine.verify.constraints import Bits
from engine.verify.region import Region

NAME = "enumerate"


@dataclass
class _Tally:
    """What was seen so far."""

    counts: NDArray[np.int64]
    done: int = 0
    counterexample: Bits | None = None
    counterclass: int | None = None


def enumerate_region(program: Program, region: Region, classes: int, budget: Budget) -> Iterator[float | Answer]:
    """Count the classes of a region's inputs, nearest first; yields the share done, and at last the Answer.

    program: of a network on words [B, W] (source "bits", a dense layer first). Where the budget ends before the
    region does, the counts are left out, but a counterexample found by then refutes all the same.
    """
    budget = budget.begun()
    label = int(_classes(program.scores(pack(region.centre[np.newaxis])))[0])
    tally = _Tally(np.zeros((region.radius + 1, classes), np.int64))
    try:
        for distance, words in region.inputs():
            budget.check()
            found = _classes(program.scores(words))
            tally.counts[distance] += np.bincount(found, minlength=classes)
            tally.done += len(words)
            if tally.counterexample is None and np.any(found != label):
                first = int(np.flatnonzero(found != label)[0])
                tally.counterexample = unpack(words[first], len(region.centre))
                tally.counterclass = int(found[first])
            yield tally.done / region.size
    except OutOfBudget as spent:
        yield _answer(region, label, tally, spent.reason)
        return
    yield _answer(region, label, tally, "")


def _classes(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Class of each input: the highest score, at equal ones the lowest index."""
    classes: NDArray[np.int64] = scores.argmax(axis=1)
    return classes


def _answer(region: Region, label: int, tally: _Tally, note: str) -> Answer:
    whole = not note
    return Answer(
        engine=NAME,
        status="refuted" if tally.counterexample is not None else "proved" if whole else "out of budget",
        label=label,
        size=region.size,
        counts=tuple(map(int, tally.counts.sum(axis=0))) if whole else None,
        by_distance=tally.counts if whole else None,
        counterexample=tally.counterexample,
        counterclass=tally.counterclass,
        note=note,
    )
