"""The CUDA sources: what compiles by itself, in which variants, as one text each with a hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from gpu.signature import Signature, signatures

_INCLUDE = re.compile(r'^#include "([\w.]+)"\n', re.MULTILINE)


@dataclass(frozen=True)
class Module:
    """One source file with one set of macros: what NVRTC, or a host compiler, takes at once.

    defines: macros and their values. oldest, newest: the architectures it runs on, 86 for sm_86.
    """

    file: str
    defines: tuple[tuple[str, int], ...] = ()
    oldest: int = 75
    newest: int = 999

    def __str__(self) -> str:
        return " ".join([self.file, *(f"{name}={value}" for name, value in self.defines)])

    def __getitem__(self, macro: str) -> int:
        """A macro's value. Raises KeyError."""
        return dict(self.defines)[macro]

    @property
    def text(self) -> str:
        """The whole source: macros, then the file with what it includes."""
        return "".join(f"#define {name} {value}\n" for name, value in self.defines) + text(self.file)

    @property
    def digest(self) -> str:
        """Names this source: any change of it or of what it includes changes the name."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @cached_property
    def kernels(self) -> dict[str, Signature]:
        """What it holds, by name."""
        return signatures(text(self.file))


@cache
def text(file: str) -> str:
    """A source of gpu/kernels with its includes in their places, each once."""
    return "".join(_resolved(file, set()))


def _resolved(file: str, seen: set[str]) -> Iterator[str]:
    if file in seen:
        return
    seen.add(file)
    source = (files("gpu") / "kernels" / file).read_text(encoding="utf-8").replace("#pragma once\n", "\n")
    line = 1
    while found := _INCLUDE.search(source):
        before, source = source[: found.start()], source[found.end() :]
        yield f'#line {line} "{file}"\n{before}'
        yield from _resolved(found[1], seen)
        line += before.count("\n") + 1
    yield f'#line {line} "{file}"\n{source}'


def tile(rows: int, columns: int, depth: int = 8, threads: int = 256) -> tuple[tuple[str, int], ...]:
    """The macros of a kernel that works in tiles: outputs of a block, 32-bit words of a step, threads."""
    return (("BM", rows), ("BN", columns), ("DEPTH", depth), ("THREADS", threads))


def warp_tiles(block: tuple[int, int], warp: tuple[int, int], stages: int, blocks: int) -> tuple[tuple[str, int], ...]:
    """The macros of a tile on tensor cores: rows and columns of a block and of a warp, steps held, blocks wanted."""
    threads = block[0] // warp[0] * (block[1] // warp[1]) * 32
    named = ("BM", "BN", "WM", "WN", "STAGES", "BLOCKS", "THREADS")
    return tuple(zip(named, (*block, *warp, stages, blocks, threads), strict=True))


TILES = (tile(64, 128), tile(64, 128, 16), tile(32, 128), tile(128, 64), tile(64, 32), tile(16, 64))
SHALLOW = tuple(macros for macros in TILES if dict(macros)["DEPTH"] == 8)
ROWS = (1, 2, 4, 8)
CARRY_SAVE, COPIES = (("CARRY_SAVE", 1),), (("STAGES", 3),)

GEMMS = (
    *(Module("gemm.cu", macros + CARRY_SAVE + COPIES, 80) for macros in (tile(64, 128, 16), tile(64, 128))),
    *(Module("gemm.cu", macros + CARRY_SAVE) for macros in TILES),
    Module("gemm.cu", TILES[0]),
)
"""Products of signs: with carry-save counts, fed by copies where an architecture has them; and the plain one."""

WIDE, SQUARE, SMALL = (
    warp_tiles((128, 256), (64, 64), 2, 1),
    warp_tiles((128, 128), (64, 32), 3, 2),
    warp_tiles((64, 64), (32, 32), 4, 4),
)


def on_tensor_cores(file: str) -> tuple[Module, ...]:
    """A source in every variant, each for the architectures that have the instruction."""
    return (
        *(Module(file, (*macros, ("XOR", 1)), 80, 89) for macros in (SQUARE, WIDE, SMALL)),
        *(Module(file, (*macros, ("AND", 1)), 80, 90) for macros in (SQUARE, WIDE, SMALL)),
        Module(file, (*warp_tiles((128, 128), (64, 32), 2, 1), ("TURING", 1)), 75, 75),
    )


TENSORS, TENSOR_CONVS = on_tensor_cores("tensor.cu"), on_tensor_cores("tensor_conv.cu")
"""Products and convolutions by binary tensor cores, with the kernels of GEMMS and of CONVS."""

TENSOR_PIXELS = tuple(
    Module("tensor_pixels.cu", (*macros, ("INT8", 1)), 80)
    for macros in (
        warp_tiles((128, 128), (64, 32), 4, 2),
        warp_tiles((128, 256), (64, 64), 4, 1),
        warp_tiles((64, 64), (32, 32), 4, 4),
    )
)
"""Dense first layers by tensor cores on bytes, with the kernels of PIXELS for them."""

CONVS = (*(Module("conv.cu", macros + CARRY_SAVE) for macros in SHALLOW), Module("conv.cu", TILES[0]))
PIXELS = tuple(Module("pixels.cu", macros) for macros in SHALLOW)
FEW = tuple(Module("few.cu", (("ROWS", rows),)) for rows in ROWS)
PLANES, PACK, POOL, PAPER = (Module(file) for file in ("planes.cu", "pack.cu", "pool.cu", "paper.cu"))

MODULES = (*GEMMS, *TENSORS, *CONVS, *TENSOR_CONVS, *PIXELS, *TENSOR_PIXELS, *FEW, PLANES, PACK, POOL, PAPER)
"""Everything that is compiled, tested, simulated and tuned: the first of a kind is what runs untuned."""
