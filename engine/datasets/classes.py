"""Labels of classes that have names, as labels of somebody else's classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInput

Names = tuple[str, ...]


def aligned(labels: NDArray[np.int64], names: Names, wanted: Names, what: str) -> NDArray[np.int64]:
    """Labels int64 [N] of the classes `names` as labels of the classes `wanted`.

    Each goes to the class of its name. Numbers that are no names of the others, or no names at all, say nothing but
    the order: there labels stay as they are. what: whose labels they are, for people.

    Raises BadInput where a class is none of those that are wanted.
    """
    known = len(names) or len(wanted)
    if labels.min(initial=0) < 0 or labels.max(initial=-1) >= known:
        raise BadInput(f"{what} has a label that names no class.", f"Use 0 to {known - 1}.")
    if names == wanted:
        return labels
    if names and set(names) <= set(wanted):
        return np.array([wanted.index(name) for name in names], np.int64)[labels]
    if names and not (_are_numbers(names) or _are_numbers(wanted)):
        stranger = next(name for name in names if name not in wanted)
        raise BadInput(f"{what} has a class '{stranger}'.", f"Wanted are: {', '.join(wanted[:10])}{_more(wanted)}.")
    if len(names) > len(wanted):
        raise BadInput(f"{what} has {len(names)} classes.", f"At most {len(wanted)} are told apart here.")
    return labels


def _are_numbers(names: Names) -> bool:
    return names == tuple(map(str, range(len(names))))


def _more(names: Names) -> str:
    return ", …" if len(names) > 10 else ""
