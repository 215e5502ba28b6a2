"""The native functions by name, compiled at first use, once a process."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import cache, partial

from llvmlite import ir

from engine.jit import dot, steps, values, warp
from engine.jit.compile import Library, Native
from engine.jit.dot import Dot
from engine.jit.target import Target, host

SHORT = (1, 2, 3, 5)
"""Words of a kernel row for which there is a kernel of its own: 1x1 up to 128 channels, 3x3 and 5x5 up to 64."""

DEEP, DEEP_BLOCKS = 80, 4
"""Words of a row from which a panel of more blocks would be more than 40 KB of weights."""

Emit = Callable[[ir.Module, str], None]

_lock = threading.Lock()


def variants(target: Target) -> dict[str, Emit]:
    """How to write each kernel for a target, by name.

    Those without a mark take many rows at once, "narrow" ones take one; "deep" ones are for rows whose weights, as many
    as a wide panel has, would not stay in the nearest cache.
    """
    signs, pixels = target.signs, target.pixels
    deep = tuple(tile for tile in target.wide if tile.blocks <= DEEP_BLOCKS)
    dots = {
        "bits": Dot(signs, target.wide, "bits"),
        "bits-deep": Dot(signs, deep, "bits"),
        "sums-deep": Dot(signs, deep, "sums"),
        "bits-narrow": Dot(signs, target.narrow, "bits"),
        "sums": Dot(signs, target.wide, "sums"),
        "sums-narrow": Dot(signs, target.narrow, "sums"),
        "scores": Dot(signs, target.wide, "scores"),
        "scores-narrow": Dot(signs, target.narrow, "scores"),
        "pixel-bits": Dot(pixels, target.pixel_tiles, "bits"),
        "pixel-sums": Dot(pixels, target.pixel_tiles, "sums"),
        "pixel-scores": Dot(pixels, target.pixel_tiles, "scores"),
        "plane-bits": Dot(signs, target.narrow, "bits", planes=True),
    }
    dots |= {f"bits-{units}": Dot(signs, target.wide, "bits", units=units) for units in SHORT}
    dots |= {f"sums-{units}": Dot(signs, target.wide, "sums", units=units) for units in SHORT}
    made: dict[str, Emit] = {name: partial(dot.emit, dot=each) for name, each in dots.items()}
    return made | {
        "planes": steps.emit_planes,
        "pool": steps.emit_pool,
        "copy": steps.emit_copy,
        "value": partial(values.emit_value, shortcut=False, pooled=False),
        "value-pooled": partial(values.emit_value, shortcut=False, pooled=True),
        "shortcut": partial(values.emit_value, shortcut=True, pooled=False),
        "shortcut-pooled": partial(values.emit_value, shortcut=True, pooled=True),
        "warp": warp.emit_warp,
        "run": steps.emit_driver,
    }


def wide(kind: str, words: int) -> str:
    """The name of the kernel of a kind ("bits", "sums") for many rows of so many words."""
    return f"{kind}-deep" if words > DEEP else kind


def text(target: Target, name: str) -> str:
    """The IR of one kernel."""
    module = ir.Module(name)
    module.triple = target.triple
    variants(target)[name](module, _symbol(name))
    return str(module)


def kernel(name: str) -> Native:
    """The native function of that name for this processor. Compiles at first use; safe from several threads."""
    with _lock:
        return _compiled(host(), name)


def address(name: str) -> int:
    """Where that function lies, for a record's `kernel`."""
    return ctypes.cast(kernel(name), ctypes.c_void_p).value or 0


@cache
def _compiled(target: Target, name: str) -> Native:
    return Library(text(target, name), target).function(_symbol(name), None, ctypes.c_void_p)


def _symbol(name: str) -> str:
    return "flipscope_" + name.replace("-", "_")
