"""What the kernels of a training step are made for: vectors, tiles and the arithmetic of one kind of processor."""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir

from engine.jit.depth import Depth, PixelsMadd, PixelsVnni, WordsMadd
from engine.jit.emit import F32, I8, I32
from engine.jit.target import Target

PANEL = 16
"""Columns that lie together in every panel of what is between layers: those of one cache line of float32."""
WORD = 64
"""Columns that lie together in a panel of weights: those of one word of signs."""
GROUP = 4
"""Rows, or outputs, whose int8 share a 32-bit lane."""


@dataclass(frozen=True)
class Shape:
    """Of one target.

    Attributes:
        lanes: of a vector of 32 bits; PANEL is a whole number of vectors.
        rows, span: of a tile, whose products are held in registers at once: so many rows by columns, a whole number of
            panels and a part of a word.
        signs, pixels: how products with signs and with pixels are made, in vectors of that many lanes.
        group: rows of pixels that `pixels` takes into a lane at once.
        tiled: whether gradients of dense layers' inputs are made in tile registers instead.
    """

    lanes: int
    rows: int
    span: int
    signs: Depth
    pixels: Depth
    group: int
    tiled: bool = False

    @property
    def vectors(self) -> int:
        """Vectors of a tile's row."""
        return self.span // self.lanes

    @property
    def words(self) -> ir.Type:
        return ir.VectorType(I32, self.lanes)

    @property
    def floats(self) -> ir.Type:
        return ir.VectorType(F32, self.lanes)

    @property
    def octets(self) -> ir.Type:
        return ir.VectorType(I8, GROUP * self.lanes)


SHAPES: dict[str, Shape] = {
    "amx": Shape(16, 8, 32, PixelsVnni(16), PixelsVnni(16), 4, tiled=True),
    "avx512": Shape(16, 8, 32, PixelsVnni(16), PixelsVnni(16), 4),
    "avx512-256": Shape(8, 8, 16, PixelsVnni(8), PixelsVnni(8), 4),
    "avx2": Shape(8, 4, 16, PixelsMadd(8), WordsMadd(8), 2),
}
"""By the names of the targets that they are for."""


def shape_for(target: Target) -> Shape | None:
    """The shape for a target; None where there are no kernels of training for it."""
    return SHAPES.get(target.name)
