"""Memory faults: how many broken bits can a binarized network bear?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.errors import BadInput
from engine.labs import Record
from engine.tables import table
from engine.worker import Run

RATES = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 2e-1, 5e-1)
DRAWS = 10
MAX_DRAWS = 1000


@dataclass(frozen=True)
class RunFaults(m.RunLab):
    """Break a model's weights at each rate, `draws` times over."""

    lab: ClassVar[str] = "faults"
    model: str
    rates: tuple[float, ...] = RATES
    draws: int = DRAWS
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.rates or not all(0 <= rate <= 1 for rate in self.rates):
            raise BadInput("The rates are not all probabilities.", "Give some between 0 and 1.")
        if not 1 <= self.draws <= MAX_DRAWS:
            raise BadInput(f"{self.draws} draws cannot be made.", f"Choose 1 to {MAX_DRAWS:,}.")


@dataclass(frozen=True)
class FaultPoint(m.LabResult):
    """The accuracy of every draw at one rate, float64 [draws], 0 to 1."""

    rate: float
    accuracies: NDArray[np.float64]


class Faults:
    """See engine.labs.Lab."""

    name: ClassVar[str] = "faults"
    summary: ClassVar[str] = "how many broken weight bits a network can bear"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", help="a model file")
        parser.add_argument(
            "--rates", type=float, nargs="+", default=list(RATES), metavar="P", help="default: 0 to 0.5"
        )
        parser.add_argument("--draws", type=int, default=DRAWS, metavar="N", help="at each rate (default %(default)s)")
        parser.add_argument("--seed", type=int, default=0)

    def request(self, options: argparse.Namespace) -> RunFaults:
        return RunFaults(options.file, tuple(options.rates), options.draws, options.seed)

    def run(self, request: RunFaults) -> Run:
        from engine.faults.sweep import sweep

        return sweep(request)

    def record(self, results: Sequence[m.LabResult]) -> Record:
        points = [point for point in results if isinstance(point, FaultPoint)]
        return {"points": [{"rate": p.rate, "accuracies": p.accuracies.tolist()} for p in points]}

    def lines(self, record: Record) -> Iterator[str]:
        rows = [(f"{p['rate']:g}", f"{100 * np.mean(p['accuracies']):.2f} %") for p in record["points"]]
        yield from table(("rate", "accuracy"), rows)


LAB = Faults()
