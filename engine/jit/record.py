"""What a kernel is told: one record of int64, the same fields for all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIELDS = (
    "kernel", "source", "weights", "target", "base", "scale", "offset",
    "images", "lines", "rows", "image_step", "line_step", "row_step",
    "segments", "units", "pitch", "blocks", "outputs", "group", "shift",
    "target_image", "target_line", "target_row", "value",
)  # fmt: skip
"""`kernel` is the address of the function that is called with the record. Steps and the pitch count bytes.

group: images that share one pass over the weights, so that both stay in a near cache.
"""

SLOTS = 32
"""int64 of one record, padding included."""

Record = NDArray[np.int64]


def slot(name: str) -> int:
    """Where a field lies in a record."""
    return FIELDS.index(name)


def record(**values: int) -> Record:
    """A record, int64 [SLOTS], with 0 in every field that is not named."""
    return filled(FIELDS, **values)


def filled(fields: tuple[str, ...], **values: int) -> Record:
    """The same for a kernel whose record has other fields."""
    made = np.zeros(SLOTS, np.int64)
    for name, value in values.items():
        made[fields.index(name)] = value
    return made
