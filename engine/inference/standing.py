"""How the rows of one case stand to each other, in words; for the window and the command line alike."""

from __future__ import annotations

from collections.abc import Sequence

from engine.messages import BenchRow

TENSOR = ("tensor", "int8")
"""Kinds of torch that run on a GPU's tensor cores."""


def against_tensor_cores(rows: Sequence[BenchRow]) -> str:
    """How the fastest XNOR kernel of a case on a GPU stands against torch on tensor cores, a sentence; "" elsewhere."""
    measured = [row for row in rows if row.device and row.median_ms]
    ours = min((row for row in measured if row.kind == "xnor"), key=_ms, default=None)
    theirs = min((row for row in measured if row.kind in TENSOR), key=_ms, default=None)
    if ours is None or theirs is None:
        return ""
    ratio = _ms(theirs) / _ms(ours)
    if ratio < 1:
        return f"torch on tensor cores wins here: {theirs.backend} is {1 / ratio:.3g} times as fast as {ours.backend}."
    return f"{ours.backend} is {ratio:.3g} times as fast as the fastest of torch on tensor cores, {theirs.backend}."


def _ms(row: BenchRow) -> float:
    return row.median_ms or 0.0
