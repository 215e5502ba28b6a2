"""What it costs to program a magnetic memory well, or badly: a model, not a measurement.

The macrospin model of spin-transfer torque (W. H. Butler et al., IEEE Transactions on Magnetics 48, 4684, 2012): a
pulse of i times the critical current that lasts t leaves a cell unswitched with the chance

    WER = 1 - exp(-(pi^2 D / 4) (i - 1) / (i exp(2 (i - 1) t / tau) - 1)),   i > 1

and takes the energy (i I_c)^2 R t. A cell that was not switched keeps its old bit, which on random old data is wrong
half the time: the bit error rate is WER / 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import BadInput
from engine.faults.secded import CODE, DATA

Floats = NDArray[np.float64]

SAFE = 1e-9
"""The bit error rate that programming without faults is taken to leave; none lower is looked at."""
ALL_OLD = 0.5 * (1 - 1e-12)
"""Where nothing is written, about."""
RANGES: dict[str, tuple[float, float]] = {
    "stability": (10.0, 200.0),
    "critical_current": (1e-6, 1e-3),
    "resistance": (1e2, 1e6),
    "relaxation": (1e-11, 1e-7),
}


@dataclass(frozen=True)
class Junction:
    """A magnetic tunnel junction. The defaults are of a usual order; no paper's device is meant. Raises BadInput.

    stability: thermal, Delta. critical_current: ampere. resistance: ohm. relaxation: tau_D, seconds.
    """

    stability: float = 60.0
    critical_current: float = 50e-6
    resistance: float = 5e3
    relaxation: float = 1e-9

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise BadInput(f"The {name} is {getattr(self, name):g}.", f"Choose it between {low:g} and {high:g}.")

    def bit_error_rate(self, overdrive: float, seconds: ArrayLike) -> Floats:
        """Share of the bits that are wrong after a pulse, on random old data."""
        growth = overdrive * np.exp(2 * (overdrive - 1) * np.asarray(seconds, np.float64) / self.relaxation)
        return -np.expm1(-self._scale(overdrive) / (growth - 1)) / 2

    def pulse(self, overdrive: float, rate: ArrayLike) -> Floats:
        """Seconds of the pulse that leaves a bit error rate, the inverse of `bit_error_rate`; none leaves 1/2."""
        unswitched = -np.log1p(-2 * np.minimum(rate, ALL_OLD))
        growth = 1 + self._scale(overdrive) / unswitched
        pulse: Floats = np.maximum(0.0, np.log(growth / overdrive)) * self.relaxation / (2 * (overdrive - 1))
        return pulse

    def energy(self, overdrive: float, seconds: ArrayLike) -> Floats:
        """Joule that a pulse takes in one cell."""
        current = overdrive * self.critical_current
        return np.asarray(current**2 * self.resistance * np.asarray(seconds, np.float64))

    def _scale(self, overdrive: float) -> float:
        if overdrive <= 1:
            raise BadInput(f"A current of {overdrive:g} times the critical one never switches.", "Choose more than 1.")
        return float(np.pi**2 * self.stability / 4 * (overdrive - 1))


@dataclass(frozen=True)
class Choice:
    """One way to program a network: error rate, pulse (seconds), energy of a bit (joule, check bits shared out)."""

    rate: float
    pulse: float
    energy: float
    accuracy: float


@dataclass(frozen=True)
class Curve:
    """Accuracy measured at bit error rates, ascending from 0. coded: whether check bits are stored too."""

    rates: Sequence[float]
    accuracies: Sequence[float]
    coded: bool = False

    @property
    def overhead(self) -> float:
        """Cells that are programmed for each bit of the network."""
        return CODE / DATA if self.coded else 1.0

    def accuracy(self, rate: ArrayLike) -> Floats:
        """Between measured rates, along their logarithm; from 0 to the lowest other one, along the rate itself."""
        wanted, known, measured = (np.asarray(values, np.float64) for values in (rate, self.rates, self.accuracies))
        above = known > 0
        lowest = known[above][0]
        along = np.interp(np.log(np.maximum(wanted, lowest)), np.log(known[above]), measured[above])
        return np.where(wanted < lowest, np.interp(wanted, known, measured), along)

    def bearable(self, loss: float) -> float:
        """The highest rate up to which no more accuracy than `loss` is lost against no errors at all."""
        rates = np.geomspace(SAFE, max(SAFE, min(0.499, max(self.rates))), 2000)
        fine = self.accuracy(rates) >= self.accuracies[0] - loss
        return float(rates[-1] if fine.all() else rates[max(0, int(np.argmin(fine)) - 1)])


def choice(junction: Junction, overdrive: float, curve: Curve, rate: float) -> Choice:
    """Program for a bit error rate."""
    pulse = float(junction.pulse(overdrive, rate))
    energy = float(junction.energy(overdrive, pulse)) * curve.overhead
    return Choice(rate, pulse, energy, float(curve.accuracy(rate)))
