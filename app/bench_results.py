"""What benchmarks have measured in this session: rows by case, what they mean, and all of it as CSV. No Qt."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields
from itertools import pairwise
from typing import NamedTuple

from engine import messages as m
from engine.bits import WORD, words_for
from engine.inference.operands import product_of


class Case(NamedTuple):
    """What was timed, with how many threads, and on which GPU ("" for the CPU)."""

    name: str
    threads: int
    device: str = ""


BACKENDS = ("oracle", "float", "xnor")
"""The kinds of our own rows; what other libraries compute is not compared."""
COLUMNS = tuple(field.name for field in fields(m.BenchRow))


class BenchResults:
    """Rows by case in the order of their first arrival; a case that is run again replaces what it had."""

    def __init__(self) -> None:
        self.cases: dict[Case, dict[str, m.BenchRow]] = {}
        self.peaks: dict[str, m.BenchPeak] = {}
        """By device; "" is the CPU."""

    def add(self, event: m.Event) -> Case | None:
        """Take over an event; the case that it belongs to, or None."""
        if isinstance(event, m.BenchPeak):
            self.peaks[event.device] = event
        if not isinstance(event, m.BenchRow):
            return None
        case = Case(event.case, event.threads, event.device)
        self.cases.setdefault(case, {})[event.backend] = event
        return case

    def rows(self, case: Case) -> list[m.BenchRow]:
        """The rows of a case, slowest first, those without figures last."""
        found = self.cases.get(case, {}).values()
        return sorted(found, key=lambda row: -(row.median_ms or -1.0))

    def best(self, case: Case, kind: str) -> m.BenchRow | None:
        """The fastest measured row of a kind."""
        able = [row for row in self.rows(case) if row.kind == kind and row.median_ms is not None]
        return able[-1] if able else None

    def exact(self, case: Case) -> bool:
        """Whether every backend that was timed on a case was compared, and equal to the oracle."""
        compared = [row for row in self.rows(case) if row.median_ms is not None and row.kind in BACKENDS]
        return bool(compared) and all(row.exact for row in compared)

    def measured(self, threads: int, device: str = "") -> list[m.BenchRow]:
        """Every row with figures, of all cases of so many threads on a device."""
        cases = [found for case, found in self.cases.items() if case[1:] == (threads, device)]
        return [row for found in cases for row in found.values() if row.median_ms is not None]

    def csv(self) -> str:
        """Every row, one line each, after a line of column names; what was not measured is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for case in self.cases:
            for row in self.rows(case):
                values = (getattr(row, name) for name in COLUMNS)
                writer.writerow(["" if value is None else value for value in values])
        return text.getvalue()


def title(case: Case) -> str:
    """A case for people: "GEMM 1024³", "GEMM 1000×777×513", "784-1024x3-10, batch 100", with its threads if several.

    Of a convolution: "conv 128@32×32, batch 16". On a GPU: "GEMM 1024³ on RTX 4090".
    """
    name, threads, device = case
    subject, _, batch = name.rpartition("@")
    sides = name.split("x")
    if "@" in subject:
        text = f"conv {subject.replace('x', '×')}, batch {batch}"
    elif subject:
        text = f"{subject}, batch {batch}"
    else:
        text = f"GEMM {sides[0]}³" if len(set(sides)) == 1 else f"GEMM {'×'.join(sides)}"
    if device:
        return f"{text} on {device}"
    return text if threads == 1 else f"{text}, {threads} threads"


def bench_of(case: Case) -> m.Bench:
    """The benchmark that times a case, by itself."""
    subject, _, batch = case.name.rpartition("@")
    if not subject:
        return m.BenchGemm((product_of(case.name),), case.threads)
    kind = m.BenchConv if "@" in subject else m.BenchNet
    return kind(((subject, int(batch)),), case.threads)


def memory_ratio(case: str) -> float:
    """How many times smaller the packed weights of a case are than in float32, padding included."""
    subject, _, _ = case.rpartition("@")
    if not subject:
        _, _, depth = product_of(case)
        return _smaller([(depth, 1)])
    if "@" in subject:
        return _smaller([(int(subject.partition("@")[0]), 1)])
    return _smaller(list(pairwise(_widths(subject.split("-")))))


def _smaller(layers: list[tuple[int, int]]) -> float:
    """32 bits a weight over those of its words, of layers (bits packed together, rows of them)."""
    return (
        32 * sum(bits * rows for bits, rows in layers) / (WORD * sum(words_for(bits) * rows for bits, rows in layers))
    )


def _widths(parts: Iterable[str]) -> Iterable[int]:
    for part in parts:
        width, _, times = part.partition("x")
        yield from [int(width)] * int(times or 1)
