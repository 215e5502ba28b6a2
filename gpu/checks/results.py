"""What is made of sums, each kind with what it has to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import pack
from gpu.checks.guard import Guarded
from gpu.memory import DeviceArray, Shape, words_of
from gpu.results import WARP, Bits, Result, Scores, Sums, Value

LOWEST, HIGHEST = np.iinfo(np.int32).min, np.iinfo(np.int32).max

Integers = NDArray[np.int32]
Rng = np.random.Generator


@dataclass(frozen=True)
class Expected:
    """A result for sums of one shape, and the arrays it writes with what they must hold for given sums."""

    result: Result
    wanted: Callable[[Integers], list[tuple[DeviceArray, NDArray[Any]]]]

    def hold(self, device: Guarded, sums: Integers, of: object) -> None:
        """Raise Mismatch unless the result is that of these sums."""
        for array, wanted in self.wanted(sums):
            device.expect(array, wanted, of)


def expected(kind: str, rng: Rng, device: Guarded, shape: Shape) -> Expected:
    """A result of a kind ("sums", "bits", "scores", "value") for sums of this shape."""
    return {"sums": _sums, "bits": _bits, "scores": _scores, "value": _value}[kind](rng, device, shape)


def _sums(_: Rng, device: Guarded, shape: Shape) -> Expected:
    made = Sums(device.upload(np.zeros(shape, np.int32)))  # kernels that split rows add to what is there
    return Expected(made, lambda sums: [(made.out, sums)])


def _bits(rng: Rng, device: Guarded, shape: Shape) -> Expected:
    """Bounds that some sums meet, that every and that none is above."""
    columns = shape[-1]
    bounds = np.full(WARP * words_of(columns), HIGHEST, np.int32)
    bounds[:columns] = rng.integers(-9, 9, columns)
    bounds[: columns // 9] = rng.choice(np.array([LOWEST, HIGHEST], np.int32), columns // 9)
    falling = rng.integers(0, 2, columns).astype(np.bool_)
    out = device.allocate((*shape[:-1], words_of(columns)), np.uint32)
    made = Bits(device.upload(bounds), device.words(falling), out)
    return Expected(made, lambda sums: [(out, pack((sums > bounds[:columns]) ^ falling).view(np.uint32))])


def _scores(rng: Rng, device: Guarded, shape: Shape) -> Expected:
    scale, shift = rng.standard_normal((2, shape[-1])).astype(np.float32)
    made = Scores(device.upload(scale), device.upload(shift), device.allocate(shape, np.float32))
    return Expected(made, lambda sums: [(made.out, sums.astype(np.float32) * scale + shift)])


def _value(rng: Rng, device: Guarded, shape: Shape) -> Expected:
    """Begun, added to the one before, or added to it in place."""
    scale, shift = rng.standard_normal((2, shape[-1])).astype(np.float32)
    before = rng.standard_normal(shape).astype(np.float32)
    how = int(rng.integers(3))
    kept = device.upload(before)
    value = kept if how == 2 else device.allocate(shape, np.float32)
    out = device.allocate((*shape[:-1], words_of(shape[-1])), np.uint32)
    made = Value(device.upload(scale), device.upload(shift), kept if how else None, value, out)

    def wanted(sums: Integers) -> list[tuple[DeviceArray, NDArray[Any]]]:
        begun = sums.astype(np.float32) * scale + shift
        values = before + begun if how else begun
        return [(value, values), (out, pack(values >= 0).view(np.uint32))]

    return Expected(made, wanted)
