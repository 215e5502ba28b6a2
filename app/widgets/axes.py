"""Axes: what they show, how far they reach, how their figures are written, and data in their coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DECADES = 6
"""An automatic log axis reaches at most this far below its highest value; what is lower lies on the floor."""
LEAST_DECADES = 2
"""And it spans at least so many, so that noise is not drawn as drama."""

MOST_WHOLE = 10
"""Figures on an axis of whole numbers, about."""


@dataclass(frozen=True)
class Axis:
    """What an axis shows. low, high: a fixed range, or None to follow the data.

    zero: the place of 0 on a log axis, below all else that it shows; None where 0 lies on its lower end. whole: it
    shows whole numbers only.
    """

    name: str
    unit: str = ""
    log: bool = False
    low: float | None = None
    high: float | None = None
    zero: float | None = None
    whole: bool = False

    @property
    def title(self) -> str:
        """Name with its unit, as written at the axis."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


def figure(value: float) -> str:
    """A number for reading: four significant digits, thousands separated."""
    if not np.isfinite(value):
        return "not a number"
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def decade(power: int) -> str:
    """A power of ten as an axis writes it: "0.01", "1", "1,000", further out "10⁻⁵"."""
    if -3 <= power <= 4:
        return f"{10**power:,}" if power >= 0 else f"{10.0**power:.{-power}f}"
    return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def whole_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Whole numbers within a range, each with its figure: about MOST_WHOLE at most, one, two, five, ten … apart."""
    apart = next(s * 10**p for p in range(18) for s in (1, 2, 5) if high - low <= MOST_WHOLE * s * 10**p)
    first = math.ceil(low / apart)
    return [(apart * k, f"{apart * k:,}") for k in range(first, math.floor(high / apart) + 1)]


def view_range(axis: Axis, values: list[Floats]) -> tuple[float, float]:
    """The view range of an axis (log10 on a log axis): what is fixed, the rest from the data with a little air."""
    finite = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.empty(0)
    if axis.log:
        finite = np.log10(finite[finite > 0])
        fixed = [None if v is None else float(np.log10(v)) for v in (axis.low, axis.high)]
        top = float(finite.max()) if finite.size else 0.0
        bottom = max(float(finite.min()), top - DECADES) if finite.size else -3.0
    else:
        fixed = [axis.low, axis.high]
        top = float(finite.max()) if finite.size else 1.0
        bottom = float(finite.min()) if finite.size else 0.0
    if axis.log:
        bottom = min(bottom, top - LEAST_DECADES)
    air = 0.06 * (top - bottom) or 0.5 * abs(top) or 0.5
    low = fixed[0] if fixed[0] is not None else bottom - air
    high = fixed[1] if fixed[1] is not None else top + air
    return low, max(high, low + 1e-9)


def suits(axis: Axis, shown: tuple[float, float], wanted: tuple[float, float]) -> bool:
    """Whether a range can stay: fixed ends equal, the data within, and filling most of it."""
    if (axis.low is not None and shown[0] != wanted[0]) or (axis.high is not None and shown[1] != wanted[1]):
        return False
    within = shown[0] <= wanted[0] and wanted[1] <= shown[1]
    return within and wanted[1] - wanted[0] > 0.7 * (shown[1] - shown[0])


def to_view(axis: Axis, values: Floats, floor: float) -> Floats:
    """Data in view coordinates: log10 on a log axis, where what is not above its floor lies on it."""
    if not axis.log:
        return values
    shown = np.full(values.shape, floor)
    positive = values > 0
    shown[positive] = np.maximum(np.log10(values[positive]), floor)
    shown[np.isnan(values)] = np.nan
    return shown
