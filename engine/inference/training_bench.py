"""How long a training step takes beside the plain way in torch: each in a process of its own, taking turns."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from engine import messages as m
from engine import turns
from engine.child import Child
from engine.errors import BadInput
from engine.inference.arena import FULL, MAX_THREADS, QUICK, TURN_SECONDS
from engine.inference.operands import LARGEST, widths_of

PLAIN, OURS = "plain", "ours"
"""The methods of engine.training.whole_steps."""


@dataclass(frozen=True)
class Row:
    """One case: milliseconds of a step, the median of the turns, and how many times as fast ours is.

    parts: the kernels of a step of one thread.
    """

    case: str
    threads: int
    plain_ms: float
    ours_ms: float
    parts: tuple[m.StepPart, ...] = ()

    @property
    def ratio(self) -> float:
        return self.plain_ms / self.ours_ms


def train(cases: Sequence[tuple[str, int]], threads: int, *, quick: bool) -> Iterator[Row]:
    """Time steps of MLPs, e.g. ("784-1024x3-10", 100): architecture and batch. Raises BadInput, FlipscopeError."""
    parsed = [(f"{architecture}@{batch}", widths_of(architecture), batch) for architecture, batch in cases]
    for case, widths, batch in parsed:
        if len(widths) < 3 or not 2 <= batch <= LARGEST:
            raise BadInput(f"No step of {case} is timed.", f"Give a hidden layer, and 2 to {LARGEST} images.")
    if not 1 <= threads <= MAX_THREADS:
        raise BadInput(f"{threads} threads cannot be used.", "Choose 1 or as many as there are cores.")
    least = (QUICK if quick else FULL)[0]
    with ExitStack() as opened:
        children = {method: opened.enter_context(Child("torch", method)) for method in (PLAIN, OURS)}
        for case, widths, batch in parsed:
            seconds: dict[str, list[float]] = {method: [] for method in children}
            for _ in range(least):
                for method, child in children.items():
                    command = m.PeerTraining(method, threads, widths, batch)
                    seconds[method].append(child.ask(command, m.PeerTime, TURN_SECONDS).seconds)
            plain, ours = (1e3 * statistics.median(seconds[method]) for method in (PLAIN, OURS))
            made_of = m.StepParts(())
            if threads == 1:
                made_of = children[OURS].ask(m.PeerParts(widths, batch), m.StepParts, TURN_SECONDS)
            yield Row(case, threads, plain, ours, made_of.parts)


def timed_by(threads: int) -> str:
    """What seconds are, as in messages.BenchPeak."""
    return "cpu" if turns.clock(threads) is not turns.WALL else "wall"
