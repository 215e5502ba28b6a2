"""What `doctor --gpu` finds out: the card, its self-test made anew, the tuning, and a short benchmark, to be pasted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from engine.inference.commands import bench_gemm
from engine.inference.settling import Say
from gpu.backend import BACKEND
from gpu.trial import Trial
from gpu.verdict import Verdict

Record = dict[str, Any]

SIZES = (1024, 4096)
"""Sides of the products of the short benchmark."""


def report(say: Say) -> Record:
    """Test, tune and time the card. Raises NoGpu, or FlipscopeError where it cannot be tested now."""
    card = BACKEND.card()
    with Trial() as trial:
        versions = trial.versions()
    found = card.examine(say)
    undone = found.undone()
    say("" if undone else "Timing products")
    return {
        "gpu": {"name": card.gpu.name, "architecture": card.gpu.architecture},
        "gpu_versions": versions,
        "usable": not undone,
        "why_not": undone,
        "faults": found.faults,
        "tuned": [asdict(each) for each in found.tuned],
        "benchmark": None if undone else bench_gemm(size=SIZES, quick=True),
    }


def lines(record: Record) -> Iterator[str]:
    """The same for people, without the benchmark."""
    versions = ", ".join(f"{name} {version}" for name, version in record["gpu_versions"].items())
    found = Verdict(record["faults"])
    wrong = {name: fault for name, fault in found.faults.items() if fault}
    yield f"GPU        {record['gpu']['name']} ({record['gpu']['architecture']}); {versions}"
    yield f"self-test  {len(found.faults) - len(wrong)} of {len(found.faults)} modules are right to the bit"
    yield from (f"           {name} FAILED: {fault}" for name, fault in wrong.items())
    for each in record["tuned"]:
        work, best = each["work"], each["seconds"][each["module"]]
        product = f"{work['kind']} of {work['rows']:,} x {work['columns']:,} x {32 * work['words']:,}"
        yield f"fastest    {product}: {each['module']}, {1e3 * best:.3g} ms"
    yield f"usable     {'yes' if record['usable'] else 'no: ' + record['why_not']}"
