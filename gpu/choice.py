"""Which of the kernels that can make a product does: a rule of thumb, and the list that tuning measures."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Literal

from gpu.device import Device
from gpu.memory import parts
from gpu.source import CONVS, FEW, GEMMS, MODULES, PIXELS, PLANES, TENSOR_CONVS, TENSOR_PIXELS, TENSORS, Module

Kind = Literal["gemm", "conv", "pixels", "pixel_conv"]

FEW_ROWS = 8
"""Up to here the weights are what takes time, and each is read once."""
MOST_FEW_ROWS = 64
"""From here on no few-row kernel is worth a measurement."""
BLOCKS_TOGETHER = 2
"""Blocks of a tile kernel that one processor holds, by its registers."""
LOADS = 16
"""What one word that a tile reads costs, in words of it that are compared."""
TENSOR_SPEED = 8
"""Words that tensor cores compare while the others compare one."""

_ABLE: dict[Kind, tuple[Module, ...]] = {
    "gemm": (*TENSORS, *GEMMS, *FEW),
    "conv": (*TENSOR_CONVS, *CONVS),
    "pixels": (*TENSOR_PIXELS, *PIXELS, PLANES),
    "pixel_conv": PIXELS,
}
_ON_TENSOR_CORES = frozenset((*TENSORS, *TENSOR_CONVS, *TENSOR_PIXELS))


@dataclass(frozen=True)
class Work:
    """A product as the choice of its kernel sees it.

    rows: images, or positions of all maps. columns: outputs. words: 32-bit words of signs in one sum.
    """

    kind: Kind
    rows: int
    columns: int
    words: int


Chooser = Callable[[Work], Module]


EVERY = frozenset(MODULES)


def able(work: Work, capability: tuple[int, int], allowed: Set[Module] = EVERY) -> list[Module]:
    """Every module of those that are allowed which can do it on this architecture."""
    architecture = 10 * capability[0] + capability[1]
    few = work.rows <= MOST_FEW_ROWS
    return [
        module
        for module in _ABLE[work.kind]
        if module in allowed and module.oldest <= architecture <= module.newest and (few or in_tiles(module))
    ]


def prefix(module: Module, kind: Kind) -> str:
    """How the names of the kernels begin that make such a product."""
    if module is PLANES:
        return "planes"
    return "few" if module in FEW else kind


def in_tiles(module: Module) -> bool:
    """Whether it works in tiles, or row by row."""
    return module is not PLANES and module not in FEW


def usual(work: Work, device: Device, allowed: Set[Module] = EVERY) -> Module:
    """What runs untuned: for few rows what reads every weight once, else the tile that should take the least time."""
    modules = able(work, device.capability, allowed)
    if work.rows <= FEW_ROWS:
        enough = [module for module in modules if module in FEW and module["ROWS"] >= work.rows]
        if enough or PLANES in modules:
            return (enough or [PLANES])[0]
    tiles = [module for module in modules if in_tiles(module)]
    return min(tiles, key=lambda module: _time(module, work, device.processors))


def _time(module: Module, work: Work, processors: int) -> int:
    """Rounds of blocks, times what a block does for one word of all its sums. The first of equals is taken."""
    rows, columns = module["BM"], module["BN"]
    blocks = parts(work.rows, rows) * parts(work.columns, columns)
    together = dict(module.defines).get("BLOCKS", BLOCKS_TOGETHER) * processors
    compared = rows * columns // (TENSOR_SPEED if module in _ON_TENSOR_CORES else 1)
    return parts(blocks, together) * (compared + LOADS * (rows + columns))
