"""Checks of what lies around products: packing, what is made of sums by themselves, pools, and the paper's kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import pack
from engine.inference.network import MaxPool
from gpu import launches
from gpu.checks.guard import Guarded
from gpu.checks.products import pixels_of, planes_of, signs, values_of
from gpu.checks.results import Rng, expected
from gpu.checks.sizes import Sizes
from gpu.memory import words_of
from gpu.results import Sums
from gpu.source import Module

FLOATS = np.array([-1, -0.0, 0, 1e-45, -1e-45, np.inf, -np.inf, np.nan], np.float32)
LEVEL = 100


def pack_floats(_: str, device: Guarded, __: Module, rng: Rng, sizes: Sizes) -> None:
    for shape in sizes.matrices:
        values = rng.choice(FLOATS, shape)
        out = device.allocate((shape[0], words_of(shape[1])), np.uint32)
        device.run(launches.pack_floats(device.upload(values), out))
        device.expect(out, pack(values >= 0).view(np.uint32), shape)


def pack_bytes(_: str, device: Guarded, __: Module, rng: Rng, sizes: Sizes) -> None:
    for shape in sizes.matrices:
        values = pixels_of(rng, *shape)
        out = device.allocate((shape[0], words_of(shape[1])), np.uint32)
        device.run(launches.pack_bytes(device.upload(values), out, LEVEL))
        device.expect(out, pack(values >= LEVEL).view(np.uint32), shape)


def pack_planes(_: str, device: Guarded, __: Module, rng: Rng, sizes: Sizes) -> None:
    for shape in sizes.matrices:
        values = pixels_of(rng, *shape)
        out = device.allocate((shape[0], 8, words_of(shape[1])), np.uint32)
        device.run(launches.pack_planes(device.upload(values), out))
        device.expect(out, pack(planes_of(values)).view(np.uint32), shape)


def finish(made_of: str) -> Callable[..., None]:
    """The check of a kernel that makes a kind of result of sums by themselves."""

    def check(_: str, device: Guarded, __: Module, rng: Rng, sizes: Sizes) -> None:
        for shape in (*sizes.matrices, (2, 3, 2, 70)):
            sums = rng.integers(-20, 20, shape).astype(np.int32)
            made = expected(made_of, rng, device, shape)
            assert not isinstance(made.result, Sums)
            device.run(launches.finish(device.upload(sums), made.result))
            made.hold(device, sums, shape)

    return check


def clear_sums(_: str, device: Guarded, __: Module, ___: Rng, ____: Sizes) -> None:
    for count in (1, 300):
        sums = device.allocate((count,), np.int32)
        device.run(launches.clear(sums))
        device.expect(sums, np.zeros(count, np.int32), count)


def pool_sums(_: str, device: Guarded, __: Module, rng: Rng, sizes: Sizes) -> None:
    for shape, pool in sizes.pools:
        maps = rng.integers(-99, 99, shape).astype(np.int32)
        wanted = pooled(maps, pool, np.max)
        out = device.allocate(wanted.shape, np.int32)
        device.run(launches.pool_sums(device.upload(maps), pool, out))
        device.expect(out, wanted, shape)


def pool_bits(_: str, device: Guarded, __: Module, rng: Rng, sizes: Sizes) -> None:
    for shape, pool in sizes.pools:
        maps, falling = signs(rng, *shape), signs(rng, shape[-1])
        wanted = np.where(falling, pooled(maps, pool, np.all), pooled(maps, pool, np.any))
        out = device.allocate((*wanted.shape[:-1], words_of(shape[-1])), np.uint32)
        device.run(launches.pool_bits(device.words(maps), device.words(falling), pool, out))
        device.expect(out, pack(wanted).view(np.uint32), shape)


def pooled(maps: NDArray[Any], pool: MaxPool, combine: Callable[..., Any]) -> NDArray[Any]:
    """What `combine` makes of every window of maps [images, height, width, channels]."""
    seen = np.lib.stride_tricks.sliding_window_view(maps, (pool.size, pool.size), axis=(1, 2))
    made: NDArray[Any] = combine(seen[:, :: pool.stride, :: pool.stride], axis=(-1, -2))
    return made


def paper_floats(_: str, device: Guarded, __: Module, rng: Rng, sizes: Sizes) -> None:
    for rows, columns, terms in sizes.few:
        a = rng.integers(-9, 9, (rows, terms)).astype(np.float32)
        b = rng.integers(-9, 9, (terms, columns)).astype(np.float32)
        out = device.allocate((rows, columns), np.float32)
        device.run(launches.paper_floats(device.upload(a), device.upload(b), out))
        device.expect(out, a @ b, (rows, columns, terms))


def paper_signs(_: str, device: Guarded, __: Module, rng: Rng, sizes: Sizes) -> None:
    for rows, columns, terms in sizes.few:
        a, b = signs(rng, rows, terms), signs(rng, columns, terms)
        turned = np.ascontiguousarray(pack(b).view(np.uint32).T)
        out = device.allocate((rows, columns), np.int32)
        device.run(launches.paper_signs(device.words(a), device.upload(turned), terms, out))
        device.expect(out, values_of(a) @ values_of(b).T, (rows, columns, terms))


CHECKS: dict[str, Callable[..., None]] = {
    "pack_floats": pack_floats,
    "pack_bytes": pack_bytes,
    "pack_planes": pack_planes,
    "pack_sums": finish("bits"),
    "score_sums": finish("scores"),
    "value_sums": finish("value"),
    "clear_sums": clear_sums,
    "pool_sums": pool_sums,
    "pool_bits": pool_bits,
    "paper_floats": paper_floats,
    "paper_signs": paper_signs,
}
"""By the names of their kernels."""
