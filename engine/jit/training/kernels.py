"""The kernels of a training step by name, each compiled at first use, once a process."""

from __future__ import annotations

import ctypes
import threading
from functools import cache, partial

from llvmlite import ir

from engine.jit.compile import Library, Native
from engine.jit.depth import WordsMadd
from engine.jit.dot import Dot, emit
from engine.jit.kernels import Emit
from engine.jit.target import Target, host
from engine.jit.training import (
    affine,
    expand,
    halves,
    inputs,
    judge,
    listed,
    maps,
    norm,
    pooled,
    program,
    rows,
    slopes,
    tiled,
    turned,
    update,
)
from engine.jit.training.rules import RULES
from engine.jit.training.shape import GROUP, Shape, shape_for

ESTIMATORS = ("straight-through", "approx-sign")
"""Pseudo-gradients of the sign (training.quantize)."""

_lock = threading.Lock()


def variants(target: Target) -> dict[str, Emit]:
    """How to write each kernel for a target, by name; none where there is no shape for it."""
    shape = shape_for(target)
    if shape is None:
        return {}
    updates: dict[str, Emit] = {
        f"update-{rule_name}-{kind}": partial(update.emit_update, update=update.Update(shape, rule, kind))
        for rule_name, rule in RULES.items()
        for kind in update.KINDS
    }
    return (
        _of_maps(target, shape)
        | updates
        | {f"judge-{loss}": emit for loss, emit in judge.LOSSES.items()}
        | {
            "forward": norm.emit_forward,
            "values": norm.emit_values,
            "backward-signs": partial(norm.emit_backward, group=GROUP, signs=True),
            "backward-pixels": partial(norm.emit_backward, group=shape.group, signs=False),
            "rows": rows.emit_rows,
            "inputs": partial(inputs.emit_inputs, shape=shape),
            "expand": expand.emit_expand,
            "affine-adam": partial(affine.emit_affine, shape=shape, rule=RULES["adam"]),
            "affine-sgd": partial(affine.emit_affine, shape=shape, rule=RULES["sgd"]),
            "barrier": program.emit_barrier,
            "program": program.emit_program,
        }
    )


POOLS = (1, 2, 3, 4)
"""Sides of the windows that sums can be pooled in."""


def _of_maps(target: Target, shape: Shape) -> dict[str, Emit]:
    """Those of convolutions."""
    pairs = WordsMadd(shape.lanes)
    made: dict[str, Emit] = {
        "map-moments": maps.emit_moments,
        "map-turn": maps.emit_turn,
        "map-back": slopes.emit_back,
        "map-gather": slopes.emit_gather,
        "map-round-pairs": pooled.emit_round_pairs,
        "map-list": listed.emit_list,
        "map-found": turned.emit_found,
        "map-turned": partial(turned.emit_turned, group=GROUP if shape.tiled else maps.PAIR),
        "map-inputs": partial(emit, dot=Dot(pairs, target.pixel_tiles, "sums")),
        "map-weights": partial(emit, dot=Dot(pairs, target.pixel_tiles, "added")),
    }
    for estimator in ESTIMATORS:
        made[f"map-{estimator}"] = partial(slopes.emit_through, estimator=estimator, carried=False)
        made[f"map-{estimator}-carried"] = partial(slopes.emit_through, estimator=estimator, carried=True)
    for across in pooled.ACROSS:
        made[f"map-weights-pooled-{across}"] = partial(pooled.emit_product, width=shape.lanes, across=across)
    for blocks in listed.BLOCKS:
        made[f"map-inputs-listed-{blocks}"] = partial(listed.emit_product, width=shape.lanes, blocks=blocks)
    for size in POOLS:
        made[f"map-pool-{size}"] = partial(maps.emit_pool, size=size)
        made[f"map-round-{size}"] = partial(slopes.emit_round, size=size, halves=False)
    if shape.tiled:
        made |= _in_tiles()
    return made


def _in_tiles() -> dict[str, Emit]:
    """Those of convolutions that tile registers make."""
    made: dict[str, Emit] = {
        "map-quads": partial(halves.emit_quads, pixels=False),
        "map-quads-pixels": partial(halves.emit_quads, pixels=True),
        "map-inputs-tiled": tiled.emit_inputs,
        "map-weights-tiled": partial(tiled.emit_weights, pixels=False),
        "map-weights-tiled-pixels": partial(tiled.emit_weights, pixels=True),
    }
    for size in POOLS:
        made[f"map-halves-{size}"] = partial(slopes.emit_round, size=size, halves=True)
    for size in halves.SIZES:
        made[f"map-channels-{size}"] = partial(halves.emit_channels, size=size)
    return made


def text(target: Target, name: str) -> str:
    """The IR of one kernel."""
    module = ir.Module(name)
    module.triple = target.triple
    variants(target)[name](module, _symbol(name))
    return str(module)


def address(name: str) -> int:
    """Where a kernel lies, for a record's `kernel`. Compiles at first use; safe from several threads."""
    with _lock:
        native = _compiled(host(), name, 1)
    return ctypes.cast(native, ctypes.c_void_p).value or 0


def run() -> Native:
    """The driver: `run(records, count)`."""
    with _lock:
        return _compiled(host(), "program", 2)


@cache
def _compiled(target: Target, name: str, arguments: int) -> Native:
    kinds = (ctypes.c_void_p, ctypes.c_int64)[:arguments]
    return Library(text(target, name), target).function(_symbol(name), None, *kinds)


def _symbol(name: str) -> str:
    return "flipscope_training_" + name.replace("-", "_")
