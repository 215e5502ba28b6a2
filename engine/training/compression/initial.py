"""Weights of a wanted variance in every form, drawn from a seed.

An entry of a train is a sum over r_1 … r_(d-1) paths of products of d numbers, so that with cores of variance s**2 it
has the variance r_1 … r_(d-1) s**(2 d): s = (v / prod r)**(1 / (2 d)). Of low rank: v = r s**4.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from engine.tensortrain.modes import Factors, Modes
from engine.training.compression.weights import Hashed, LowRank, Matrix, Train

SPREAD = 0.1
"""Half the width of the latents behind signs, as engine.training.models has it."""


def matrix(rng: np.random.Generator, outputs: int, inputs: int, variance: float, *, binary: bool = False) -> Matrix:
    """A dense layer with entries of this variance, or signs."""
    return Matrix(_drawn(rng, (outputs, inputs), variance, binary), binary=binary)


def train(
    rng: np.random.Generator,
    modes: Modes,
    bonds: Factors,
    size: tuple[int, int],
    variance: float,
    *,
    binary: bool = False,
) -> Train:
    """A train for a layer of this size (outputs, inputs), entries of this variance; or with cores of signs."""
    each = (variance / math.prod(bonds)) ** (1 / modes.cores)
    shapes = [(a, m, n, b) for (a, b), m, n in zip(pairwise(bonds), modes.outputs, modes.inputs, strict=True)]
    return Train([_drawn(rng, shape, each, binary) for shape in shapes], *size, binary=binary)


def low_rank(
    rng: np.random.Generator, outputs: int, inputs: int, rank: int, variance: float, *, binary: bool = False
) -> LowRank:
    """A product of two matrices, entries of this variance."""
    each = math.sqrt(variance / rank)
    sides = [_drawn(rng, shape, each, binary) for shape in ((outputs, rank), (rank, inputs))]
    return LowRank(*sides, binary=binary)


def hashed(
    rng: np.random.Generator, outputs: int, inputs: int, buckets: int, variance: float, *, binary: bool = False
) -> Hashed:
    """So many numbers for all entries, of this variance."""
    numbers = _drawn(rng, (buckets,), variance, binary)
    places = rng.integers(0, buckets, (outputs, inputs))
    signs = rng.choice(np.array([-1, 1], np.float32), (outputs, inputs))
    return Hashed(numbers, places, signs, binary=binary)


def _drawn(rng: np.random.Generator, shape: tuple[int, ...], variance: float, binary: bool) -> Tensor:
    """Normal numbers of a variance, or latents whose signs are what matters."""
    if binary:
        return torch.from_numpy(rng.uniform(-SPREAD, SPREAD, shape).astype(np.float32))
    return torch.from_numpy((math.sqrt(variance) * rng.standard_normal(shape)).astype(np.float32))
