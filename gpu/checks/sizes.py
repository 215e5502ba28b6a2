"""The sizes that kernels are checked on: none of them whole tiles, words or warps, where that can go wrong."""

from __future__ import annotations

from dataclasses import dataclass

from engine.inference.network import MaxPool

Product = tuple[int, int, int]
"""rows, columns, terms"""
Convolution = tuple[int, int, int, int, int, int, int, int]
"""images, height, width, channels, outputs, kernel, stride, padding"""

DEPTHS = (1, 31, 32, 33, 255, 256, 257, 784, 1000)


@dataclass(frozen=True)
class Sizes:
    """products: of many rows; few: of few rows; matrices: what is packed, rows and columns."""

    products: tuple[Product, ...]
    few: tuple[Product, ...]
    convolutions: tuple[Convolution, ...]
    matrices: tuple[tuple[int, int], ...]
    pools: tuple[tuple[tuple[int, int, int, int], MaxPool], ...]


SMALL = Sizes(
    products=((1, 1, 1), (3, 5, 3000), (65, 130, 100), (66, 129, 513)),
    few=((1, 1, 1), (3, 70, 1000), (9, 33, 64)),
    convolutions=(
        (2, 5, 4, 70, 66, 3, 1, 1),
        (1, 6, 7, 3, 9, 5, 2, 2),
        (3, 4, 5, 130, 33, 1, 2, 0),
        (1, 3, 3, 64, 1, 3, 2, 0),
    ),
    matrices=((1, 1), (3, 64), (5, 70), (2, 129)),
    pools=(((2, 5, 4, 70), MaxPool(2, 2)), ((1, 7, 6, 130), MaxPool(3, 2)), ((3, 2, 3, 1), MaxPool(2, 1))),
)
"""Enough to meet every branch: what the simulation runs in every order of threads. 3,000 signs are more steps of a
product than are ever on their way at once."""

RAGGED = Sizes(
    products=(*((131, 197, depth) for depth in DEPTHS), *SMALL.products),
    few=(*((rows, 67, depth) for rows in (1, 5) for depth in DEPTHS), *SMALL.few),
    convolutions=(
        *SMALL.convolutions,
        (5, 9, 11, 33, 67, 3, 1, 1),
        (3, 13, 7, 65, 131, 3, 2, 1),
        (2, 11, 9, 31, 35, 5, 1, 2),
        (7, 5, 5, 257, 129, 1, 1, 0),
    ),
    matrices=(*SMALL.matrices, *((7, depth) for depth in DEPTHS)),
    pools=(*SMALL.pools, ((5, 11, 9, 65), MaxPool(2, 2))),
)
"""What a card is held to at first use: every depth, odd rows and columns, over several tiles."""
