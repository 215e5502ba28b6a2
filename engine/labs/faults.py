"""Memory faults: how many broken bits can a binarized network bear?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.errors import BadInput
from engine.faults.cells import KINDS, Failures
from engine.faults.programming import Choice, Junction
from engine.labs import Record, Source, named
from engine.tables import table
from engine.worker import Run

RATES = (0.0, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 2e-1, 5e-1)
DRAWS = 10
MAX_DRAWS = 1000
MAX_OVERDRIVE = 1000.0
CLAIMED = 1e-3
"""The rate up to which Hirtzlin et al. 2019 (abstract) say that faults have little effect."""

TITLES = {
    "network": "binarized",
    "coded": "SECDED (72,64)",
    "hardened": "trained with faults",
    "float32": "float32 twin",
    "int8": "int8 twin",
}
"""The series of a sweep; "layer N" is the binarized network with faults in one layer alone."""

CHOICES = {
    "safe": "programmed without faults",
    "network": "programmed weakly, without error correction",
    "coded": "programmed weakly, with SECDED (72,64)",
}
"""Ways to program a memory."""


@dataclass(frozen=True)
class RunFaults(m.RunLab):
    """Break a model at each rate, `draws` times over, and those that it is compared with.

    twin, hardened: "" for none. thresholds: fail as well. layers: each by itself, too.
    junction, overdrive, loss: how the memory is programmed, and what share of accuracy may be given for energy.
    Raises BadInput.
    """

    lab: ClassVar[str] = "faults"
    model: Source
    twin: Source = ""
    hardened: Source = ""
    rates: tuple[float, ...] = RATES
    draws: int = DRAWS
    seed: int = 0
    failures: Failures = field(default_factory=Failures)
    thresholds: bool = False
    layers: bool = True
    junction: Junction = field(default_factory=Junction)
    overdrive: float = 2.0
    loss: float = 1e-3

    def __post_init__(self) -> None:
        highest = 1 / self.failures.steepest
        if not any(self.rates) or not all(0 <= rate <= highest for rate in self.rates):
            what = "The rates are not all probabilities, or all are 0."
            raise BadInput(what, f"Give rates from 0 to {highest:g}, one above 0.")
        if not 1 <= self.draws <= MAX_DRAWS:
            raise BadInput(f"{self.draws} draws cannot be made.", f"Choose 1 to {MAX_DRAWS:,}.")
        if not 0 <= self.loss <= 1:
            raise BadInput(f"A loss of {100 * self.loss:g} points is none.", "Choose it between 0 and 100.")
        if not self.overdrive <= MAX_OVERDRIVE:  # nor what is no number
            raise BadInput(f"An overdrive of {self.overdrive:g} is none.", f"Choose above 1, up to {MAX_OVERDRIVE:g}.")
        if self.seed < 0:
            raise BadInput(f"The seed is {self.seed}.", "Choose 0 or more.")
        self.junction.bit_error_rate(self.overdrive, 0.0)  # refuses a current that never switches


@dataclass(frozen=True)
class FaultPoint(m.LabResult):
    """One series at one rate: the accuracy of every draw, float64 [draws], 0 to 1.

    silent: share of the answers that were none, because scores were not numbers.
    """

    series: str
    rate: float
    accuracies: NDArray[np.float64]
    silent: float


@dataclass(frozen=True)
class FaultSummary(m.LabResult):
    """What the sweep was made of. bits: of the network's weights. draws_per_second: of whole test sets, packed."""

    model: str
    kind: str
    images: int
    bits: int
    draws_per_second: float
    seconds: float


@dataclass(frozen=True)
class Programming(m.LabResult):
    """Ways to program the network by the model of engine.faults.programming, by the keys of CHOICES."""

    choices: dict[str, Choice]


class Faults:
    """See engine.labs.Lab."""

    name: ClassVar[str] = "faults"
    summary: ClassVar[str] = "how many broken weight bits a network can bear"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", help="a model file of a binarized network")
        parser.add_argument("--twin", default="", metavar="FILE", help="its float twin: float32 and int8 curves")
        parser.add_argument("--hardened", default="", metavar="FILE", help="the network trained with faults")
        parser.add_argument("--rates", type=float, nargs="+", default=RATES, metavar="P", help="(default: 0 to 0.5)")
        parser.add_argument("--draws", type=int, default=DRAWS, metavar="N", help="at each rate (default %(default)s)")
        parser.add_argument("--seed", type=int, default=0)
        kinds = "; ".join(f"{kind}: {line}" for kind, line in KINDS.items())
        parser.add_argument("--kind", default="write", metavar="K", help=f"(default %(default)s) {kinds}")
        parser.add_argument("--up", type=float, default=1.0, metavar="X", help="times the rate a 0 reads 1 (default 1)")
        parser.add_argument("--down", type=float, default=1.0, metavar="X", help="times the rate a 1 reads 0")
        parser.add_argument("--thresholds", action="store_true", help="thresholds fail as well")
        parser.add_argument("--no-layers", action="store_true", help="leave out the faults in one layer alone")
        parser.add_argument("--overdrive", type=float, default=2.0, metavar="I", help="write current over critical one")
        parser.add_argument(
            "--loss", type=float, default=0.1, metavar="P", help="points of accuracy to give for energy"
        )
        for name, value in asdict(Junction()).items():
            parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=value, metavar="X")

    def request(self, options: argparse.Namespace) -> RunFaults:
        return RunFaults(
            options.file,
            options.twin,
            options.hardened,
            tuple(options.rates),
            options.draws,
            options.seed,
            Failures(options.kind, options.up, options.down),
            options.thresholds,
            not options.no_layers,
            Junction(*(getattr(options, name) for name in asdict(Junction()))),
            options.overdrive,
            options.loss / 100,
        )

    def options(self, request: RunFaults) -> Record:
        return {
            "file": named(request.model),
            "twin": named(request.twin),
            "hardened": named(request.hardened),
            "rates": request.rates,
            "draws": request.draws,
            "seed": request.seed,
            **asdict(request.failures),
            "thresholds": request.thresholds,
            "no_layers": not request.layers,
            **asdict(request.junction),
            "overdrive": request.overdrive,
            "loss": 100 * request.loss,
        }

    def run(self, request: RunFaults) -> Run:
        from engine.faults.sweep import sweep

        return sweep(request)

    def record(self, results: Sequence[m.LabResult]) -> Record:
        points = [result for result in results if isinstance(result, FaultPoint)]
        series = {
            name: _series([p for p in points if p.series == name]) for name in dict.fromkeys(p.series for p in points)
        }
        others = [asdict(each) for each in results if isinstance(each, FaultSummary | Programming)]
        return {"series": series} | {key: value for each in others for key, value in each.items()}

    def lines(self, record: Record) -> Iterator[str]:
        yield f"{record['model']}: {record['bits']:,} weight bits, {record['images']:,} images, {record['kind']} faults"
        yield "Accuracy in %, mean and deviation of the draws:"
        yield ""
        series: dict[str, dict[str, list[float]]] = record["series"]
        columns = [[_in_short(*point) for point in _points(one)] for one in series.values()]
        rates = [f"{rate:g}" for rate in series["network"]["rates"]]
        yield from table(("rate", *map(title, series)), list(zip(rates, *columns, strict=True)))
        yield ""
        for name, one in record["choices"].items():
            yield f"{CHOICES[name]}: {_in_words(one, record['bits'])}"
        yield f"{record['draws_per_second']:.1f} draws a second, {record['seconds']:.1f} s"


def title(series: str) -> str:
    """A series for people."""
    return TITLES.get(series, f"{series} alone")


def _series(points: Sequence[FaultPoint]) -> dict[str, Any]:
    drawn = [point.accuracies for point in points]
    return {
        "rates": [point.rate for point in points],
        "mean": [float(draws.mean()) for draws in drawn],
        "deviation": [float(draws.std()) for draws in drawn],
        "low": [float(draws.min()) for draws in drawn],
        "high": [float(draws.max()) for draws in drawn],
        "draws": [int(draws.size) for draws in drawn],
        "silent": [point.silent for point in points],
    }


def _points(one: dict[str, list[float]]) -> Iterator[tuple[float, float, float]]:
    yield from zip(one["mean"], one["deviation"], one["silent"], strict=True)


def _in_short(mean: float, deviation: float, silent: float) -> str:
    spread = f" ±{100 * deviation:.2f}" if deviation else ""
    return f"{100 * mean:.2f}{spread}" + (f" ({silent:.0%} no answer)" if silent else "")


def _in_words(one: dict[str, Any], bits: int) -> str:
    return (
        f"{1e9 * one['pulse']:.2f} ns, {1e15 * one['energy']:.0f} fJ a bit, "
        f"{1e9 * one['energy'] * bits:.0f} nJ in all, bit error rate {one['rate']:.2g}, "
        f"accuracy {100 * one['accuracy']:.2f} %"
    )


LAB = Faults()
