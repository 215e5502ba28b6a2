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
from engine.training import models

CLASSES = 10
"""Of both data sets that networks by name are timed on."""
PLAIN, OURS, ALONE = "plain", "ours", "alone"
"""The methods of engine.training.whole_steps."""

Step = tuple[str, tuple[int, int, int], int, int]
"""Model, image, classes and batch."""


@dataclass(frozen=True)
class Row:
    """One case: milliseconds of a step, the median of the turns, and how many times as fast ours is.

    alone_ms: ours by one thread, timed in turns with that of several in the same process; None where there is but one.
    parts: the kernels of a step of one thread.
    """

    case: str
    threads: int
    plain_ms: float
    ours_ms: float
    alone_ms: float | None = None
    parts: tuple[m.StepPart, ...] = ()

    @property
    def ratio(self) -> float:
        return self.plain_ms / self.ours_ms

    @property
    def over_one(self) -> float | None:
        """How many times as fast several threads are as one."""
        return None if self.alone_ms is None else self.alone_ms / self.ours_ms


def train(cases: Sequence[tuple[str, int]], threads: int, *, quick: bool) -> Iterator[Row]:
    """Time steps of networks: ("784-1024x3-10", 100), MLP and batch, or one by its name, ("convnet-half", 50).

    Raises BadInput, UnknownName, FlipscopeError.
    """
    parsed = [(f"{network}@{batch}", _network(network), batch) for network, batch in cases]
    for case, _, batch in parsed:
        if not 2 <= batch <= LARGEST:
            raise BadInput(f"No step of {case} is timed.", f"Give 2 to {LARGEST} images.")
    if not 1 <= threads <= MAX_THREADS:
        raise BadInput(f"{threads} threads cannot be used.", "Choose 1 or as many as there are cores.")
    with ExitStack() as opened:
        children = {method: opened.enter_context(Child("torch", method)) for method in (PLAIN, OURS)}
        for case, network, batch in parsed:
            yield _timed(children, case, (*network, batch), threads, (QUICK if quick else FULL)[0])


def _timed(children: dict[str, Child], case: str, step: Step, threads: int, turns: int) -> Row:
    """Several threads of the plain way spin for some milliseconds after its turn: one of ours is next then."""
    methods = (PLAIN, ALONE, OURS) if threads > 1 else (PLAIN, OURS)
    seconds: dict[str, list[float]] = {method: [] for method in methods}
    for _ in range(turns):
        for method in methods:
            child = children[PLAIN if method == PLAIN else OURS]
            command = m.PeerTraining(method, threads, *step)
            seconds[method].append(child.ask(command, m.PeerTime, TURN_SECONDS).seconds)
    plain, *alone, ours = (1e3 * statistics.median(seconds[method]) for method in methods)
    if alone:
        return Row(case, threads, plain, ours, alone[0])
    made_of = children[OURS].ask(m.PeerParts(*step), m.StepParts, TURN_SECONDS)
    return Row(case, threads, plain, ours, parts=made_of.parts)


def _network(written: str) -> tuple[str, tuple[int, int, int], int]:
    """Model, image and classes. Those by name see what they were made for: CIFAR's photographs, or MNIST's digits."""
    if written[:1].isalpha():
        models.architecture(written)
        return written, (32, 32, 3) if written.startswith("convnet") else (28, 28, 1), CLASSES
    first, *hidden, classes = widths_of(written)
    if not hidden:
        raise BadInput(f"No step of {written} is timed.", "Give it a hidden layer.")
    model = f"{hidden[0]}x{len(hidden)}" if len(set(hidden)) == 1 else "-".join(map(str, hidden))
    return f"mlp-{model}", (1, first, 1), classes


def timed_by(threads: int) -> str:
    """What seconds are, as in messages.BenchPeak."""
    return "cpu" if turns.clock(threads) is not turns.WALL else "wall"
