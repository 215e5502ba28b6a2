"""Which bits of an input force its class: kept as they are, no input of the region about it has another class.

A prime implicant within the region (Zhang et al. 2021, section 6.4), found by deletion: a bit is let go where the
others still force the class. Bits whose change alone costs the least margin are let go first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack
from engine.inference.backend import Program
from engine.verify.answers import Budget
from engine.verify.constraints import Bits
from engine.verify.region import Region

Forces = Callable[[Bits], Bits | None]
"""For bits bool [inputs] that are kept: those of them that force the class already, or None where all do not."""


def deleted(forces: Forces, free: NDArray[np.int64], inputs: int) -> Iterator[Bits]:
    """Forcing sets bool [inputs], of ever fewer bits, the last without a needless one; one for each bit let go or not.

    free: int64 [n], the bits that the region lets change, in the order in which they are tried; others are in no set.
    """
    kept = np.zeros(inputs, np.bool_)
    kept[free] = True
    for bit in free:
        if kept[bit]:
            without = kept.copy()
            without[bit] = False
            fewer = forces(without)
            kept = kept if fewer is None else fewer
        yield kept


def tried_first(program: Program, region: Region) -> NDArray[np.int64]:
    """The free bits int64 [n], those first whose change alone leaves the class the largest lead."""
    centre = region.centre[np.newaxis]
    flipped = np.repeat(centre, len(region.free), axis=0)
    flipped[np.arange(len(region.free)), region.free] ^= True
    scores = program.scores(np.concatenate([pack(centre), pack(flipped)]))
    label = int(scores[0].argmax())
    lead = scores[1:, label] - np.delete(scores[1:], label, axis=1).max(axis=1)
    ordered: NDArray[np.int64] = region.free[np.argsort(-lead, kind="stable")]
    return ordered


def failing(program: Program, region: Region, budget: Budget) -> Iterator[float | Words]:
    """By enumeration: yields shares done, and at last words [F, W] of the bits in which inputs of other classes differ.

    Where what is changed contains what alone changes the class, it says nothing more, and is left out. Raises
    OutOfBudget.
    """
    budget, centre = budget.begun(), pack(region.centre[np.newaxis])
    label = int(program.scores(centre)[0].argmax())
    found, done = [np.empty((0, centre.shape[1]), np.uint64)], 0
    alone = np.zeros_like(centre)
    for distance, words in region.inputs():
        budget.check()
        wrong = (words ^ centre)[program.scores(words).argmax(axis=1) != label]
        if distance == 1:
            alone |= np.bitwise_or.reduce(wrong, axis=0, keepdims=True)
        else:
            wrong = wrong[~(wrong & alone).any(axis=1)]
        found.append(wrong)
        done += len(words)
        yield done / region.size
    yield np.concatenate(found)


def none_left(wrong: Words) -> Forces:
    """A set forces the class where it holds a bit of each failing change: words [F, W], as `failing` gives them."""

    def forces(kept: Bits) -> Bits | None:
        return kept if (wrong & pack(kept[np.newaxis])).any(axis=1).all() else None

    return forces
