"""What each kernel of a native step takes, beside what a core of this very machine needs at least for its work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.config import RunConfig
from engine.jit import peak
from engine.jit.depth import WordsMadd
from engine.jit.record import Record
from engine.jit.target import host
from engine.jit.training import kernels as training
from engine.jit.training.shape import shape_for
from engine.messages import StepPart
from engine.training.native.network import Network
from engine.training.native.step import Kind, Step
from engine.training.steppers import Arrays, Key
from engine.turns import clock

TURNS = 15
"""Calls of a kernel, of which the quickest counts, as of the samples of a ceiling."""

_now = clock(threads=1)


def parts(run: RunConfig, arrays: Arrays, images: np.ndarray, labels: np.ndarray) -> tuple[StepPart, ...]:
    """Every kernel of a step of one thread, in order; labels: of the images. The weights are moved meanwhile."""
    network = Network(run, arrays)
    step = Step(network, Kind.of(len(images), run), 1)
    step.forward(images, run, Key(0, 0, 0))
    step.judge(labels, run.loss)
    network.steps += 1
    step.backward(1e-3, run)
    ceilings, depth = _Ceilings.measured(), len(network.weights)
    names = {training.address(name): name for name in training.variants(host()) if not name.startswith("program")}
    made = []
    for records, order in ((step.programs.forwards, range(depth)), (step.programs.backwards, reversed(range(depth)))):
        for index in order:
            weights = network.weights[index]
            macs = weights.outputs * weights.inputs * len(images)
            for record in records(index, 0):
                name = names.get(int(record[0]), "product")
                size = weights.latents.nbytes + sum(moment.nbytes for moment in weights.moments.values())
                floor = ceilings.floor(name, macs, size, pixels=index == 0)
                made.append(StepPart(name, index, _quickest(step, record), floor))
    return tuple(made)


def _quickest(step: Step, record: Record) -> float:
    """Seconds. Gradients are put back each time: made of themselves they shrink to what processors are slow with."""
    best, changed = float("inf"), [array for sums in step.sums for array in (sums.gradients, sums.largest)]
    before = [array.copy() for array in changed]
    for _ in range(TURNS):
        for array, values in zip(changed, before, strict=True):
            np.copyto(array, values)
        began = _now()
        step.programs.call(record)
        best = min(best, _now() - began)
    return best


@dataclass(frozen=True)
class _Ceilings:
    """What one core can do at most: 1e9 products of signs and of bytes a second, 1e9 bytes moved."""

    signs: float
    bytes: float
    moved: float

    @classmethod
    def measured(cls) -> _Ceilings:
        signs, products = (max(loop.sample() for _ in range(TURNS)) for loop in (peak.popcount(), peak.byte_products()))
        return cls(signs, products, peak.move_rate())

    def floor(self, name: str, macs: int, size: int, *, pixels: bool) -> float | None:
        """Seconds that a kernel's products take at least, or what it moves; None of what is little of either.

        Of tile registers the rate is not known. size: bytes of the latents and their moments.
        """
        if name == "product":
            return macs / (self.bytes if pixels else self.signs) / 1e9
        shape = shape_for(host())
        if name == "inputs":
            return None if shape is None or shape.tiled else macs / self.bytes / 1e9
        if not name.startswith("update"):
            return None
        words = pixels and shape is not None and isinstance(shape.pixels, WordsMadd)  # half as many in an instruction
        return max(macs / (self.bytes / (2 if words else 1)), 2 * size / self.moved) / 1e9
