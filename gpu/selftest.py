"""At first use of a GPU: every module that it can run, held to plain arithmetic on this very card."""

from __future__ import annotations

from collections.abc import Sequence

from engine.inference.settling import Say, silent
from gpu.source import Module
from gpu.trial import Fault, Trial
from gpu.verdict import Verdict


def examine(trial: Trial, modules: Sequence[Module], say: Say = silent) -> Verdict:
    """What is wrong with each module, or "". Raises FlipscopeError where nothing can be tried (see Trial)."""
    verdict = Verdict()
    for done, module in enumerate(modules):
        say(f"Checking {done + 1} of {len(modules)}: {module}")
        try:
            trial.check(module)
        except Fault as fault:
            verdict.faults[str(module)] = str(fault)
        else:
            verdict.faults[str(module)] = ""
    return verdict
