"""How figures are written for people: times, multiples, ticks of an axis."""

from __future__ import annotations

import math


def digits(value: float, significant: int = 3) -> str:
    """A number with this many significant digits and grouped thousands, never in exponents: 0.0123, 4.20, 1,230."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    exponent = int(f"{value:.{significant - 1}e}".partition("e")[2])  # of the rounded value: 0.9999 is 1.00
    places = significant - 1 - exponent
    return f"{round(value, places):,.{max(0, places)}f}"


def duration(seconds: float) -> str:
    """A time in the unit that suits it: "740 ns", "12.3 µs", "4.10 ms", "2.00 s"."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= scale * 0.9995:
            return f"{digits(seconds / scale)} {unit}"
    return f"{digits(seconds / 1e-9)} ns"


def multiple(ratio: float) -> str:
    """A ratio: "47.1×", "0.020×", "1.00×"; at most three significant digits."""
    return f"{digits(ratio)}×"


def percent(share: float) -> str:
    """A share in percent with one place: "98.6 %"."""
    return f"{share * 100:.1f} %"


def share_of(limit_share: float) -> str:
    """A share that may be tiny, in percent with three significant digits: "90.4 %", "0.0507 %"."""
    return f"{digits(limit_share * 100)} %"


def nice_ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values from `low` to `high`, about so many, at steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    raw = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]
