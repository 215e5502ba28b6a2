"""The launches of every kernel: geometry and arguments out of the shapes of the arrays. Raise ValueError."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.bits import WORD
from gpu.launch import Launch, launch
from gpu.memory import DeviceArray
from gpu.source import PACK, Module

Values = Mapping[str, DeviceArray | int]
"""Arguments by name."""

WARP = 32
PACK_THREADS = 256


@dataclass(frozen=True)
class Sums:
    """A product's sums as they are: out int32 [rows, columns]."""

    out: DeviceArray
    suffix: ClassVar[str] = "sums"

    def values(self) -> Values:
        """Its arguments by name."""
        return {"out": self.out}

    def columns(self) -> int:
        """How many columns the memory of it holds."""
        return self.out.shape[-1]


@dataclass(frozen=True)
class Bits:
    """Signs of sums: out uint32 [rows, words]; bounds int32 [32 * words], falling uint32 [words]."""

    bounds: DeviceArray
    falling: DeviceArray
    out: DeviceArray
    suffix: ClassVar[str] = "bits"

    def values(self) -> Values:
        """Its arguments by name."""
        return {"bounds": self.bounds, "falling": self.falling, "out": self.out}

    def columns(self) -> int:
        """How many columns the memory of it holds, whole words."""
        return WARP * min(self.out.shape[-1], self.falling.shape[0], self.bounds.shape[0] // WARP)


@dataclass(frozen=True)
class Scores:
    """Scores of sums: out float32 [rows, columns]; scale, shift float32 [columns]."""

    scale: DeviceArray
    shift: DeviceArray
    out: DeviceArray
    suffix: ClassVar[str] = "scores"

    def values(self) -> Values:
        """Its arguments by name."""
        return {"scale": self.scale, "shift": self.shift, "out": self.out}

    def columns(self) -> int:
        """How many columns the memory of it holds."""
        return min(self.out.shape[-1], self.scale.shape[0], self.shift.shape[0])


Result = Sums | Bits | Scores


def gemm(module: Module, a: DeviceArray, w: DeviceArray, terms: int, result: Result) -> Launch:
    """Signs a uint32 [rows, words] by w [columns, words], `terms` of them in a row."""
    (rows, words), (columns, w_words) = a.shape, w.shape
    if words != w_words or words % 2 or not 0 < terms <= WARP * words:
        raise ValueError(f"{terms} signs in rows of {words} words and of {w_words}")
    _check_result(result, rows, columns)
    values: Values = {
        "a": a,
        "w": w,
        "rows": rows,
        "columns": columns,
        "words": words,
        "terms": terms,
        **result.values(),
    }
    return _in_tiles(module, "gemm", rows, result, values)


def pack_floats(values: DeviceArray, words: DeviceArray) -> Launch:
    """Signs of float32 [rows, columns] into words uint32 [rows, row_words]."""
    return _pack("pack_floats", values, words, {})


def pack_bytes(values: DeviceArray, words: DeviceArray, level: int) -> Launch:
    """Signs of uint8 [rows, columns], +1 from `level` on, into words uint32 [rows, row_words]."""
    return _pack("pack_bytes", values, words, {"level": level})


def _pack(kernel: str, values: DeviceArray, words: DeviceArray, more: Mapping[str, int]) -> Launch:
    (rows, columns), row_words = values.shape, words.shape[1]
    if words.shape != (rows, words_of(columns)):
        raise ValueError(f"{kernel}: values {values.shape} into words {words.shape}")
    grid = (parts(rows * row_words, PACK_THREADS // WARP), 1, 1)
    named: Values = {"values": values, "words": words, "rows": rows, "columns": columns, "row_words": row_words, **more}
    return launch(PACK, kernel, grid, (PACK_THREADS, 1, 1), named)


def parts(whole: int, part: int) -> int:
    """How many parts of this size hold a whole."""
    return -(-whole // part)


def words_of(bits: int) -> int:
    """32-bit words of packed rows, which end with whole 64-bit words."""
    return parts(bits, WORD) * (WORD // WARP)


def _in_tiles(module: Module, product: str, rows: int, result: Result, values: Values) -> Launch:
    """Rows go along x, the one side of a grid that is as long as there can be rows.

    Columns as the result counts them: signs end with whole words, which some block has to write.
    """
    grid = (parts(rows, module["BM"]), parts(result.columns(), module["BN"]), 1)
    return launch(module, f"{product}_{result.suffix}", grid, (module["THREADS"], 1, 1), values)


def _check_result(result: Result, rows: int, columns: int) -> None:
    held = int(np.prod(result.out.shape[:-1]))
    wanted = words_of(columns) * WARP if isinstance(result, Bits) else columns
    if held != rows or result.columns() != wanted:
        raise ValueError(f"{rows} x {columns} into {result}")
