"""The fastest module for the usual products on this very card, found within a declared time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from engine.inference.settling import Say, silent
from gpu.choice import able
from gpu.driver import Version
from gpu.source import MODULES
from gpu.trial import Fault, Trial
from gpu.verdict import Tuned, Verdict
from gpu.workloads import WORKLOADS, Workload

BUDGET = 30.0
"""Seconds at first use; what has begun when they are over is completed."""

Clock = Callable[[], float]


def tune(
    trial: Trial,
    verdict: Verdict,
    capability: Version,
    budget: float = BUDGET,
    workloads: Sequence[Workload] = WORKLOADS,
    clock: Clock = time.monotonic,
    say: Say = silent,
) -> None:
    """Time each workload with every module that passed the self-test, until the budget is spent.

    A workload for which the time was too short is not written down: a rule of thumb chooses for it. A module that
    fails while it is timed has failed for good. Writes into `verdict`; raises FlipscopeError (see Trial).
    """
    over = clock() + budget
    for workload in workloads:
        seconds: dict[str, float] = {}
        for module in able(workload.work, capability, frozenset(filter(verdict.passed, MODULES))):
            if clock() >= over:
                return
            say(f"Timing {workload.name}: {module}")
            try:
                seconds[str(module)] = trial.seconds(module, workload)
            except Fault as fault:
                verdict.faults[str(module)] = str(fault)
        if seconds:
            verdict.tuned.append(Tuned(workload.work, min(seconds, key=lambda name: seconds[name]), seconds))
