"""Random streams by what they are for: counter-based, so that the same counters give the same draws anywhere."""

from __future__ import annotations

import numpy as np


def stream(purpose: str, *counters: int) -> np.random.Generator:
    """An independent generator for a purpose ("shuffle", "faults", …) and counters such as (seed, draw, layer)."""
    words = [*counters, *purpose.encode()]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))
