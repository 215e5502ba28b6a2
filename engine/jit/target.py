"""Which processor kernels are written for: its features decide vector width, popcount and the pixel instruction."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm

from engine.errors import UnknownName
from engine.jit.depth import Depth, PixelsMadd, PixelsPlain, PixelsSse2, PixelsVnni, Signs, SignsByTable

FORCE = "FLIPSCOPE_CPU"
"""Environment variable that holds the kernels to one variant by name."""


ALIASES = {"arm64": "aarch64"}
"""Architectures that LLVM calls by another name on some systems. NEON is part of every aarch64."""


@dataclass(frozen=True)
class Tile:
    """rows x blocks of accumulators that are held in registers at once."""

    rows: int
    blocks: int


Tiles = tuple[Tile, ...]
"""Widest first; each takes the blocks that the one before leaves, the last one has a single block."""


@dataclass(frozen=True)
class Target:
    """One variant of the kernels.

    needs: LLVM's names of the features without which it cannot run. wide, narrow: tiles for many rows and for one.
    pixel_tiles: those of the 8-bit first layer. planes: whether a single image is quicker as bit planes.
    """

    name: str
    triple: str
    cpu: str
    features: str
    needs: tuple[str, ...]
    signs: Signs
    pixels: Depth
    wide: Tiles
    narrow: Tiles
    pixel_tiles: Tiles
    planes: bool = False


def _tiles(*sides: tuple[int, int]) -> Tiles:
    return tuple(Tile(rows, blocks) for rows, blocks in sides)


TILES = "amx-int8"
"""The feature of tile registers that multiply bytes."""
_ARCH_PRCTL, _REQUEST_STATE, _TILE_DATA = 158, 0x1023, 18
"""The system call by which a process on x86-64 asks for a state of its processor, and which (asm/prctl.h)."""
_LINUX = "x86_64-unknown-linux-gnu"

VARIANTS: tuple[Target, ...] = (
    Target(
        "amx", _LINUX, "sapphirerapids", "-prefer-256-bit",
        ("avx512vpopcntdq", "avx512vnni", "avx512bw", "avx512vl", TILES),
        Signs(8), PixelsVnni(16), _tiles((2, 8), (4, 4), (4, 1)), _tiles((1, 8), (1, 1)), _tiles((4, 4), (4, 1)),
        planes=True,
    ),
    Target(
        "avx512", _LINUX, "icelake-server", "-prefer-256-bit",
        ("avx512vpopcntdq", "avx512vnni", "avx512bw", "avx512vl"),
        Signs(8), PixelsVnni(16), _tiles((2, 8), (4, 4), (4, 1)), _tiles((1, 8), (1, 1)), _tiles((4, 4), (4, 1)),
        planes=True,
    ),
    Target(
        "avx512-256", _LINUX, "icelake-server", "+prefer-256-bit",
        ("avx512vpopcntdq", "avx512vnni", "avx512bw", "avx512vl"),
        Signs(4), PixelsVnni(8), _tiles((4, 2), (4, 1)), _tiles((1, 4), (1, 1)), _tiles((4, 2), (4, 1)),
        planes=True,
    ),
    Target(
        "avx2", _LINUX, "haswell", "", ("avx2", "popcnt"),
        SignsByTable(4), PixelsMadd(8), _tiles((2, 2), (2, 1)), _tiles((1, 2), (1, 1)), _tiles((2, 2), (2, 1)),
    ),
    Target(
        "popcnt", _LINUX, "x86-64-v2", "", ("popcnt", "sse4.2"),
        Signs(1), PixelsMadd(4), _tiles((1, 1)), _tiles((1, 1)), _tiles((2, 1)),
    ),
    Target(
        "x86-64", _LINUX, "x86-64", "", (),
        Signs(2), PixelsSse2(4), _tiles((1, 1)), _tiles((1, 1)), _tiles((2, 1)),
    ),
    Target(
        "aarch64", "aarch64-unknown-linux-gnu", "generic", "+neon", (),
        Signs(2), PixelsPlain(4), _tiles((2, 2), (2, 1)), _tiles((1, 2), (1, 1)), _tiles((2, 1)),
        planes=True,
    ),
)  # fmt: skip
"""Best first among those of one architecture."""


def runnable(target: Target) -> bool:
    """Whether this processor can run a variant."""
    architecture = llvm.get_process_triple().split("-")[0]
    if target.triple.split("-")[0] != ALIASES.get(architecture, architecture):
        return False
    features = host_features()
    return all(features.get(name, False) for name in target.needs) and (TILES not in target.needs or tiles_granted())


@cache
def tiles_granted() -> bool:
    """Whether Linux saves the tile registers of this process from now on: it has to be asked for them, once."""
    if not sys.platform.startswith("linux"):
        return False
    granted = ctypes.CDLL(None).syscall(_ARCH_PRCTL, _REQUEST_STATE, _TILE_DATA) == 0
    return bool(granted)


@cache
def host_features() -> dict[str, bool]:
    """This processor's features by LLVM's names."""
    return dict(llvm.get_host_cpu_features())


def host() -> Target:
    """The variant for this processor: the one that FLIPSCOPE_CPU names, else the best that runs here.

    Raises UnknownName where the variable names no variant that runs here, or none does.
    """
    able = [variant for variant in VARIANTS if runnable(variant)]
    forced = os.environ.get(FORCE)
    for variant in able:
        if forced in (None, "", variant.name):
            return variant
    raise UnknownName("kernel variant for this processor", forced or llvm.get_process_triple(), [v.name for v in able])
