"""Wilson's interval: how far from a share of few the true one may be."""

from __future__ import annotations

import math

Z = 1.959964
"""Of 95 %."""


def interval(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share, `right` of `count` > 0 (Wilson 1927)."""
    share, spread = right / count, Z * Z / count
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, centre - half), min(1.0, centre + half)
