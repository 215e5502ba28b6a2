"""Mode factorisations: how both sides of a matrix are split, and which ranks a tensor train of it can have.

A. Novikov, D. Podoprikhin, A. Osokin and D. Vetrov, "Tensorizing Neural Networks", 2015 (arXiv 1509.06569).

The order of the indices: an output is numbered i = (i_1 m_2 + i_2) m_3 + …, the first mode the most significant, as
numpy's reshape numbers it; inputs alike. Where modes hold more than a side has, the rest at its end is padding, 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import BadInput

MOST_CORES = 12
MOST_RANK = 4096
MOST_WEIGHTS = 1 << 40
"""Of a matrix that a train stands for; it is counted with, and made only where it is small."""
SMALL = 7
"""Factors up to here are never a reason to pad a side."""

Factors = tuple[int, ...]


@dataclass(frozen=True)
class Modes:
    """W [outputs, inputs] with m_1 … m_d outputs and n_1 … n_d inputs: core k holds i_k and j_k. Raises BadInput."""

    outputs: Factors
    inputs: Factors

    def __post_init__(self) -> None:
        if len(self.outputs) != len(self.inputs) or not 1 <= self.cores <= MOST_CORES:
            raise BadInput(
                f"{len(self.outputs)} modes of the outputs do not pair with {len(self.inputs)} of the inputs.",
                f"Give as many of either, 1 to {MOST_CORES}: every core has one of both.",
            )
        if min(*self.outputs, *self.inputs) < 1 or math.prod(self.shape) > MOST_WEIGHTS:
            raise BadInput(
                f"The modes {dotted(self.outputs)} and {dotted(self.inputs)} make no matrix that fits here.",
                f"Choose modes of 1 or more, {MOST_WEIGHTS:,} weights at the most.",
            )

    @property
    def cores(self) -> int:
        """How many, d."""
        return len(self.outputs)

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs), padding included."""
        return math.prod(self.outputs), math.prod(self.inputs)

    @property
    def sizes(self) -> Factors:
        """m_k n_k of each core."""
        return tuple(m * n for m, n in zip(self.outputs, self.inputs, strict=True))

    @property
    def caps(self) -> Factors:
        """The rank from which on a bond loses nothing: the smaller side of its unfolding, [d - 1]."""
        sizes = self.sizes
        return tuple(min(math.prod(sizes[:k]), math.prod(sizes[k:])) for k in range(1, self.cores))

    def bonds(self, ranks: Sequence[int]) -> Factors:
        """r_0 … r_d under the caps, of one rank for all bonds or of one for each of d - 1. Raises BadInput."""
        if len(ranks) not in (1, self.cores - 1) or not all(1 <= rank <= MOST_RANK for rank in ranks):
            raise BadInput(
                f"{' '.join(map(str, ranks)) or 'Nothing'} cannot be the ranks of {self.cores} cores.",
                f"Give one rank for all bonds, or {self.cores - 1}, each 1 to {MOST_RANK:,}.",
            )
        wanted = ranks if len(ranks) == self.cores - 1 else [*ranks] * (self.cores - 1)
        return (1, *(min(rank, cap) for rank, cap in zip(wanted, self.caps, strict=True)), 1)

    def check_fit(self, outputs: int, inputs: int) -> None:
        """Raise BadInput unless a matrix of this size goes in and fills more than half of either side."""
        for side, size, modes in (("outputs", outputs, self.outputs), ("inputs", inputs, self.inputs)):
            if not size <= math.prod(modes) < 2 * size:
                raise BadInput(
                    f"{dotted(modes)} = {math.prod(modes):,} does not suit the {size:,} {side} of the layer.",
                    f"Choose modes whose product is {size:,}, or a little more, which is then padding.",
                )


def suggested(outputs: int, inputs: int, cores: int) -> Modes:
    """Modes as even as the sizes of a layer allow. Raises BadInput."""
    return Modes(factors(outputs, cores), factors(inputs, cores))


def factors(size: int, count: int) -> Factors:
    """`count` factors of `size`, ascending, about alike; of the next size that has such where it has none (primes).

    None is larger than twice the root that even factors would have, or than SMALL. Raises BadInput.
    """
    if size < 1 or not 1 <= count <= MOST_CORES:
        raise BadInput(f"{size} cannot be split into {count} factors.", f"Choose 1 to {MOST_CORES} cores.")
    most = max(SMALL, 2 * math.ceil(size ** (1 / count))) if count > 1 else size
    while True:
        found = _even(primes(size), count)
        if found[-1] <= most:
            return found
        size += 1


def primes(size: int) -> list[int]:
    """The prime factors of a number, largest first; none of 1."""
    found, divisor = [], 2
    while divisor * divisor <= size:
        while size % divisor == 0:
            found.append(divisor)
            size //= divisor
        divisor += 1
    return sorted([*found, size] if size > 1 else found, reverse=True)


def parsed(text: str) -> Factors:
    """Factors as people write them: "4,8,8,4", "4x8x8x4", "4·8·8·4". Raises BadInput."""
    parts = re.split(r"\s*[,x×·*\s]\s*", text.strip())
    if not all(re.fullmatch(r"[1-9]\d{0,8}", part) for part in parts):
        raise BadInput(f"'{text}' is no factorisation.", "Write it as 4,8,8,4.")
    return tuple(map(int, parts))


def dotted(modes: Sequence[int]) -> str:
    """Factors for people: "4·8·8·4"."""
    return "·".join(map(str, modes))


def _even(parts: Sequence[int], count: int) -> Factors:
    """Each part into the smallest product so far."""
    products = [1] * count
    for part in parts:
        products[products.index(min(products))] *= part
    return tuple(sorted(products))
