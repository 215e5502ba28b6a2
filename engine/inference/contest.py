"""Contestants timed in turns: medians and quartiles that a passing disturbance cannot favour anyone in."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from engine import messages as m
from engine.jit import peak

SAMPLE = 0.002
"""Seconds of one sample at least: short calls are repeated."""


@dataclass
class Contestant:
    """One way to do a case. `sample` gives seconds of single calls, one turn's worth.

    exact: whether its result equalled the oracle's; None where it computes something of its own (a peer).
    """

    name: str
    kind: str
    sample: Callable[[], Sequence[float]]
    exact: bool | None = None
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def repeated(run: Callable[[], object]) -> Callable[[], Sequence[float]]:
    """A sample of `run`: called as often as SAMPLE has room for, the mean of one call."""
    calls = 1

    def sample() -> Sequence[float]:
        nonlocal calls
        began = time.perf_counter()
        for _ in range(calls):
            run()
        one = (time.perf_counter() - began) / calls
        calls = max(1, round(SAMPLE / max(one, 1e-7)))
        return (one,)

    return sample


@dataclass
class Contest:
    """One case: its work, its contestants and the ceilings measured in the same minute."""

    case: str
    macs: int
    threads: int
    contestants: list[Contestant]
    ceilings: dict[str, list[float]] = field(default_factory=lambda: {"xnor": [], "float": []})

    def rounds(self, least: int, budget: float) -> Iterator[None]:
        """Let everybody take turns, at least `least` rounds and then until `budget` seconds are spent.

        Yields after every turn. A contestant that has had a quarter of the budget is left alone after `least`.
        """
        for contestant in self.contestants:
            contestant.sample()
            yield
        began, done = time.perf_counter(), 0
        while done < least or time.perf_counter() - began < budget:
            for contestant in self.contestants:
                if done < least or sum(contestant.seconds) < budget / 4:
                    contestant.seconds.extend(contestant.sample())
                    yield
            self.ceilings["xnor"].append(peak.popcount().sample())
            self.ceilings["float"].append(peak.fma().sample())
            done += 1
            yield

    def rows(self) -> Iterator[m.BenchRow]:
        """The result of every contestant."""
        floats = [c.median for c in self.contestants if c.kind in ("float", "peer")]
        torch = next((c.median for c in self.contestants if c.name == TORCH), None)
        for contestant in self.contestants:
            yield self._row(contestant, torch, min(floats, default=None))

    def _row(self, one: Contestant, torch: float | None, best_float: float | None) -> m.BenchRow:
        median = one.median
        low, _, high = statistics.quantiles(one.seconds, n=4) if len(one.seconds) > 1 else (median,) * 3
        gmacs = self.macs / median / 1e9
        ceiling = self.ceilings.get("float" if one.kind == "peer" else one.kind)
        return m.BenchRow(
            case=self.case,
            backend=one.name,
            kind=one.kind,
            threads=self.threads,
            median_ms=median * 1e3,
            low_ms=low * 1e3,
            high_ms=high * 1e3,
            gmacs=gmacs,
            fraction_of_peak=gmacs / (max(ceiling) * self.threads) if ceiling else None,
            times_torch=torch / median if torch else None,
            times_best_float=best_float / median if best_float else None,
            exact=one.exact,
        )


TORCH = "torch"
ONEDNN = "torch-onednn"
NUMPY = "numpy-float32"
"""Names of the peers: torch's default product, oneDNN through torch, numpy's BLAS on floats at hand."""
