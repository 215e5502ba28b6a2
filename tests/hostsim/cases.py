"""Every kernel on ragged sizes against plain numpy: what must hold of it on any device.

A case is called with a device, the module that is to run and a random generator; it runs one kernel of the module.
"""

from __future__ import annotations

import numpy as np

from engine.bits import pack
from engine.inference.network import Conv, MaxPool
from gpu import launches
from gpu.memory import words_of
from gpu.results import Bits, Scores, Sums, Value

NEVER = np.iinfo(np.int32).max
LOWEST = np.iinfo(np.int32).min


def signs(rng, *sides):
    return rng.integers(0, 2, sides).astype(bool)


def values_of(positive):
    return positive.astype(np.int32) * 2 - 1


def words(device, positive):
    """Packed signs on the device, rows of 32-bit words."""
    return device.upload(pack(positive)).view(np.uint32)


def expect(device, array, wanted):
    """Equal to the bit; floats that are not numbers have no bits of their own."""
    found = device.download(array)
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_array_equal(found, wanted)


# ---------------------------------------------------------------- what is made of sums


def result(kind, rng, device, shape):
    """A result of a kind for sums of a shape, and a check of it by those sums."""
    return {"sums": _sums, "bits": _bits, "scores": _scores, "value": _value}[kind](rng, device, shape)


def _sums(_, device, shape):
    made = Sums(device.upload(np.zeros(shape, np.int32)))  # kernels that split rows add to what is there
    return made, lambda sums: expect(device, made.out, sums)


def _bits(rng, device, shape):
    columns = shape[-1]
    bounds = np.full(32 * words_of(columns), NEVER, np.int32)
    bounds[:columns] = rng.integers(-9, 9, columns)
    bounds[: columns // 9] = rng.choice([LOWEST, NEVER], columns // 9)
    falling = signs(rng, columns)
    out = device.allocate((*shape[:-1], words_of(columns)), np.uint32)
    made = Bits(device.upload(bounds), words(device, falling), out)
    return made, lambda sums: expect(device, out, pack((sums > bounds[:columns]) ^ falling).view(np.uint32))


def _floats(rng, device, columns):
    scale, shift = rng.standard_normal((2, columns)).astype(np.float32)
    return scale, shift, device.upload(scale), device.upload(shift)


def _scores(rng, device, shape):
    scale, shift, *there = _floats(rng, device, shape[-1])
    made = Scores(*there, device.allocate(shape, np.float32))
    return made, lambda sums: expect(device, made.out, sums.astype(np.float32) * scale + shift)


def _value(rng, device, shape):
    """Begun, added, and added in place."""
    scale, shift, *there = _floats(rng, device, shape[-1])
    before = rng.standard_normal(shape).astype(np.float32)
    how = rng.integers(3)
    kept = device.upload(before)
    value = kept if how == 2 else device.allocate(shape, np.float32)
    out = device.allocate((*shape[:-1], words_of(shape[-1])), np.uint32)
    made = Value(*there, kept if how else None, value, out)

    def check(sums):
        wanted = sums.astype(np.float32) * scale + shift
        wanted = before + wanted if how else wanted
        expect(device, value, wanted)
        expect(device, out, pack(wanted >= 0).view(np.uint32))

    return made, check


# ---------------------------------------------------------------- products

PRODUCTS = [(1, 1, 1), (3, 5, 1000), (65, 130, 100), (66, 129, 513)]
FEW = [(1, 1, 1), (3, 70, 1000), (9, 33, 64)]


def gemm(kind, device, module, rng):
    for rows, columns, terms in PRODUCTS:
        a, w = signs(rng, rows, terms), signs(rng, columns, terms)
        made, check = result(kind, rng, device, (rows, columns))
        device.run(launches.gemm(module, words(device, a), words(device, w), terms, made))
        check(values_of(a) @ values_of(w).T)


def few(kind, device, module, rng):
    for rows, columns, terms in FEW:
        a, w = signs(rng, rows, terms), signs(rng, columns, terms)
        made, check = result(kind, rng, device, (rows, columns))
        splits = 3 if kind == "sums" else 1
        device.run(launches.few(module, words(device, a), words(device, w), terms, made, splits))
        check(values_of(a) @ values_of(w).T)


def pixels_of(rng, *sides):
    return rng.integers(0, 256, sides, dtype=np.uint8)


def planes(kind, device, _, rng):
    for rows, columns, terms in FEW:
        a, w = pixels_of(rng, rows, terms), signs(rng, columns, terms)
        made, check = result(kind, rng, device, (rows, columns))
        bits = np.stack([a >> plane & 1 for plane in range(8)], axis=1).astype(bool)
        splits = 2 if kind == "sums" else 1
        device.run(launches.planes(words(device, bits), words(device, w), made, splits))
        check(a.astype(np.int32) @ values_of(w).T)


def pixels(kind, device, module, rng):
    for rows, columns, terms in [(1, 1, 1), (65, 130, 104), (3, 5, 77)]:
        a, w = pixels_of(rng, rows, terms), signs(rng, columns, terms)
        made, check = result(kind, rng, device, (rows, columns))
        device.run(launches.pixels(module, device.upload(a), words(device, w), made))
        check(a.astype(np.int32) @ values_of(w).T)


CONVS = [
    # images, height, width, channels, outputs, kernel, stride, padding
    (2, 5, 4, 70, 66, 3, 1, 1),
    (1, 6, 7, 3, 9, 5, 2, 2),
    (3, 4, 5, 130, 33, 1, 2, 0),
    (1, 3, 3, 64, 1, 3, 2, 0),
]


def windows(values, layer, beyond):
    """[images, down, across, kernel * kernel * channels]"""
    sides = (layer.padding, layer.padding)
    padded = np.pad(values, ((0, 0), sides, sides, (0, 0)), constant_values=beyond)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (layer.kernel,) * 2, (1, 2))
    seen = seen[:, :: layer.stride, :: layer.stride].transpose(0, 1, 2, 4, 5, 3)
    return seen.reshape(*seen.shape[:3], -1)


def conv(kind, device, module, rng):
    for images, height, width, channels, outputs, kernel, stride, padding in CONVS:
        maps, w = signs(rng, images, height, width, channels), signs(rng, outputs, kernel, kernel, channels)
        layer = Conv(pack(w), channels, stride, padding)
        sums = windows(values_of(maps), layer, -1) @ values_of(w).reshape(outputs, -1).T
        made, check = result(kind, rng, device, sums.shape)
        there = device.upload(layer.weights.reshape(outputs, -1)).view(np.uint32)
        device.run(launches.conv(module, words(device, maps), there, layer, made))
        check(sums)


def pixel_conv(kind, device, module, rng):
    for images, height, width, channels, outputs, kernel, stride, padding in CONVS:
        maps, w = pixels_of(rng, images, height, width, channels), signs(rng, outputs, kernel, kernel, channels)
        layer = Conv(pack(w), channels, stride, padding)
        sums = windows(maps.astype(np.int32), layer, 0) @ values_of(w).reshape(outputs, -1).T
        made, check = result(kind, rng, device, sums.shape)
        device.run(launches.pixel_conv(module, device.upload(maps), words(device, w.reshape(outputs, -1)), layer, made))
        check(sums)


# ---------------------------------------------------------------- signs, sums and pools

RAGGED = [(1, 1), (3, 64), (5, 70), (2, 129)]


def pack_floats(device, _, rng):
    for shape in RAGGED:
        values = rng.choice(np.array([-1, -0.0, 0, 1e-45, -1e-45, np.inf, np.nan], np.float32), shape)
        out = device.allocate((shape[0], words_of(shape[1])), np.uint32)
        device.run(launches.pack_floats(device.upload(values), out))
        expect(device, out, pack(values >= 0).view(np.uint32))


def pack_bytes(device, _, rng):
    for shape in RAGGED:
        values = pixels_of(rng, *shape)
        out = device.allocate((shape[0], words_of(shape[1])), np.uint32)
        device.run(launches.pack_bytes(device.upload(values), out, 100))
        expect(device, out, pack(values >= 100).view(np.uint32))


def pack_planes(device, _, rng):
    for shape in RAGGED:
        values = pixels_of(rng, *shape)
        out = device.allocate((shape[0], 8, words_of(shape[1])), np.uint32)
        device.run(launches.pack_planes(device.upload(values), out))
        bits = np.stack([values >> plane & 1 for plane in range(8)], axis=1).astype(bool)
        expect(device, out, pack(bits).view(np.uint32))


def finish(kind, device, _, rng):
    for shape in (*RAGGED, (2, 3, 2, 70)):
        sums = rng.integers(-20, 20, shape).astype(np.int32)
        made, check = result(kind, rng, device, shape)
        device.run(launches.finish(device.upload(sums), made))
        check(sums)


def clear_sums(device, _, __):
    for count in (1, 300):
        sums = device.allocate((count,), np.int32)
        device.run(launches.clear(sums))
        expect(device, sums, np.zeros(count, np.int32))


POOLS = [((2, 5, 4, 70), MaxPool(2, 2)), ((1, 7, 6, 130), MaxPool(3, 2)), ((3, 2, 3, 1), MaxPool(2, 1))]


def pooled(maps, pool, combine):
    """What `combine` makes of every window."""
    seen = np.lib.stride_tricks.sliding_window_view(maps, (pool.size,) * 2, (1, 2))
    return combine(seen[:, :: pool.stride, :: pool.stride], axis=(-1, -2))


def pool_sums(device, _, rng):
    for shape, pool in POOLS:
        maps = rng.integers(-99, 99, shape).astype(np.int32)
        wanted = pooled(maps, pool, np.max)
        out = device.allocate(wanted.shape, np.int32)
        device.run(launches.pool_sums(device.upload(maps), pool, out))
        expect(device, out, wanted)


def pool_bits(device, _, rng):
    for shape, pool in POOLS:
        maps, falling = signs(rng, *shape), signs(rng, shape[-1])
        wanted = np.where(falling, pooled(maps, pool, np.all), pooled(maps, pool, np.any))
        out = device.allocate((*wanted.shape[:-1], words_of(shape[-1])), np.uint32)
        device.run(launches.pool_bits(words(device, maps), words(device, falling), pool, out))
        expect(device, out, pack(wanted).view(np.uint32))


# ---------------------------------------------------------------- what the paper measured


def paper_floats(device, _, rng):
    for rows, columns, terms in ((1, 1, 1), (17, 33, 40)):
        a, b = rng.integers(-9, 9, (rows, terms)), rng.integers(-9, 9, (terms, columns))
        out = device.allocate((rows, columns), np.float32)
        device.run(launches.paper_floats(*(device.upload(x.astype(np.float32)) for x in (a, b)), out))
        expect(device, out, (a @ b).astype(np.float32))


def paper_signs(device, _, rng):
    for rows, columns, terms in ((1, 1, 1), (17, 33, 600)):
        a, b = signs(rng, rows, terms), signs(rng, columns, terms)
        turned = np.ascontiguousarray(pack(b).view(np.uint32).T)
        out = device.allocate((rows, columns), np.int32)
        device.run(launches.paper_signs(words(device, a), device.upload(turned), terms, out))
        expect(device, out, values_of(a) @ values_of(b).T)


# ---------------------------------------------------------------- all of them

FINISHES = {"pack_sums": "bits", "score_sums": "scores", "value_sums": "value"}


def run(kernel, device, module, rng):
    """Run a kernel's case by its name."""
    if kernel in FINISHES:
        return finish(FINISHES[kernel], device, module, rng)
    if kernel in globals():
        return globals()[kernel](device, module, rng)
    product, kind = kernel.rsplit("_", 1)
    return globals()[product](kind, device, module, rng)
