"""Contestants timed in turns: medians and quartiles that a passing disturbance cannot favour anyone in."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine import messages as m
from engine.errors import FlipscopeError
from engine.inference.operands import Traffic
from engine.jit import peak

SURE = 3
"""Turns after which a contestant that has used up its share of the time is left alone."""
TORCH, CUDA_TORCH = "torch", "cuda-float32"
"""The peers that `times_torch` is against, on the CPU and on a GPU: torch's float32."""
FLOATS = ("float", "peer", "tensor")
"""Kinds that compute with floats."""
CEILINGS = {"xnor": "popcount", "bits": "popcount", "float": "fma", "peer": "fma"}
"""Which register-only loop is the ceiling of a kind; the others have none."""


@dataclass
class Contestant:
    """One way to do a case. `turn` takes a turn and gives the seconds of a single call.

    exact: whether its result equalled the oracle's; None where it computes something of its own (a peer).
    devices: among whose rows it is listed (see messages.BenchRow).
    """

    name: str
    kind: str
    turn: Callable[[], float]
    exact: bool | None = None
    devices: tuple[str, ...] = ("",)
    seconds: list[float] = field(default_factory=list)
    spent: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def take_turn(self) -> None:
        """Take one, and remember what it gave and took."""
        began = time.perf_counter()
        self.seconds.append(self.turn())
        self.spent += time.perf_counter() - began


@dataclass(frozen=True)
class Drop:
    """A contestant that could not take a turn, and why."""

    contestant: Contestant
    error: FlipscopeError


@dataclass
class Contest:
    """One case: its work, its contestants and the ceilings measured in the same minute."""

    case: str
    macs: int
    traffic: Traffic
    threads: int
    contestants: list[Contestant] = field(default_factory=list)
    ceilings: dict[str, list[float]] = field(default_factory=lambda: {"popcount": [], "fma": []})

    def rounds(self, least: int, budget: float) -> Iterator[Drop | None]:
        """Let everybody take turns, at least `least` rounds and then until `budget` seconds are spent.

        Yields after every turn: None, or who could not take it, and takes part no longer.
        A contestant that has had a quarter of the budget is left alone after SURE turns.
        """
        began, done = time.perf_counter(), 0
        while done < least or time.perf_counter() - began < budget:
            able = [c for c in self.contestants if len(c.seconds) < SURE or c.spent < budget / 4]
            if not able:
                return
            for contestant in able:
                try:
                    contestant.take_turn()
                    yield None
                except FlipscopeError as error:
                    self.contestants.remove(contestant)
                    yield Drop(contestant, error)
            self.ceilings["popcount"].append(peak.popcount().sample())
            self.ceilings["fma"].append(peak.fma().sample())
            done += 1
            yield None

    def rows(self) -> Iterator[m.BenchRow]:
        """The result of every contestant, on each device against those that are listed with it."""
        for device in sorted({device for c in self.contestants for device in c.devices}):
            there = [c for c in self.contestants if device in c.devices]
            floats = [c.median for c in there if c.kind in FLOATS]
            torch = next((c.median for c in there if c.name == (CUDA_TORCH if device else TORCH)), None)
            for contestant in there:
                yield self._row(contestant, device, torch, min(floats, default=None))

    def _row(self, one: Contestant, device: str, torch: float | None, best_float: float | None) -> m.BenchRow:
        median = one.median
        low, _, high = statistics.quantiles(one.seconds, n=4) if len(one.seconds) > 1 else (median,) * 3
        gmacs = self.macs / median / 1e9
        ceiling = None if any(one.devices) else self.ceilings.get(CEILINGS.get(one.kind, ""))
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
            intensity=self.macs / self.traffic.of(one.kind),
            device=device,
        )
