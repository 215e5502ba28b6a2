"""The kinds of work that the fuzzer of the native kernels draws: each takes a generator, and raises where it fails."""

from __future__ import annotations

import contextlib
from unittest import mock

import numpy as np

from engine import threads
from engine.bits import pack
from engine.errors import FlipscopeError
from engine.inference import lowering, modelfile
from engine.inference.backends import cpu_xnor, naive
from engine.inference.network import MaxPool
from engine.inference.rules import stages
from engine.jit import layout
from engine.jit.kernels import kernel
from engine.jit.steps import RUN_FIELDS
from engine.jit.target import host
from tests.inference import builders
from tests.jit.cases_around import random_case
from tests.jit.memory import GUARDED, Canaries, Guards


def random_memory(rng):
    if GUARDED and rng.random() < 0.7:
        return Guards(at_end=bool(rng.integers(2)))
    return Canaries(int(rng.integers(16)))


def random_network(rng):
    """Dense, convolutional or with values and shortcuts, on pixels or bits, of any small sizes."""
    source, classes = str(rng.choice(["u8", "bits"])), int(rng.integers(1, 20))
    if rng.random() < 0.4:
        shape = tuple(map(int, rng.integers(1, (8, 8, 5))))
        hidden = rng.integers(1, 200, rng.integers(0, 4)).tolist()
        return builders.packed(rng, shape, hidden, classes, source, bool(rng.integers(2)))
    shape = (*map(int, rng.integers(1, 10, 2)), int(rng.integers(1, 100)))
    layers, left = [], shape[:2]
    for _ in range(rng.integers(1, 4)):
        kernel_side, stride = int(rng.choice([1, 3, 5])), int(rng.integers(1, 3))
        padding = int(rng.integers(0, kernel_side // 2 + 1))
        sums = [(side + 2 * padding - kernel_side) // stride + 1 for side in left]
        size = int(rng.integers(2, 5))
        pool = MaxPool(size, int(rng.integers(1, size + 1))) if rng.random() < 0.4 and min(sums) >= size else None
        if min(sums) >= 1:
            layers.append((int(rng.integers(1, 140)), kernel_side, stride, padding, pool))
            left = sums if pool is None else [(side - pool.size) // pool.stride + 1 for side in sums]
    layers = layers or [(3, 1, 1, 0, None)]
    if rng.random() < 0.5:
        return random_values(rng, shape, layers, classes, source)
    return builders.convolutional(rng, shape, layers, classes, source)


def random_values(rng, shape, layers, classes, source):
    """The same layers with values, each followed by one or more that keep its shape, some of them as shortcuts."""
    whats, chain = ["value", "shortcut", "threshold"], []
    for outputs, *sides in layers:
        chain.append((outputs, *sides, str(rng.choice(whats))))
        side = int(rng.choice([1, 3, 5]))
        chain += [(outputs, side, 1, side // 2, None, str(rng.choice(whats)))] * int(rng.integers(0, 3))
    ends = [(int(rng.choice([7, 70])), str(rng.choice(whats))) for _ in range(rng.integers(0, 3))]
    after = builders.odd if rng.integers(2) else builders.affine
    return builders.residual(rng, shape, chain, ends, classes, source, after)


def kernels(rng):
    """One kernel through its record."""
    random_case(rng).check(random_memory(rng))


def networks(rng):
    """A whole network with every array that its kernels touch against guard pages, in blocks of any size."""
    network, memory = random_network(rng), random_memory(rng)
    images = builders.inputs(rng, network, int(rng.integers(0, 12)))
    narrow = bool(rng.integers(2))

    def aligned(shape, dtype):
        # what is laid out in vectors is a whole number of them, so that it ends at the guard and is aligned as well
        made = np.zeros(shape, dtype)
        return memory.place(made, align=next(align for align in (64, 32, 8, 1) if made.nbytes % align == 0))

    with mock.patch.object(layout, "aligned", aligned), mock.patch.object(lowering, "aligned", aligned):
        constants = lowering.Constants()
        made = lowering.Lowering(list(stages(network)), network.source, host(), constants, narrow=narrow)
        context = lowering.Context(made, int(rng.integers(1, 8)))
    placed = memory.place(images)
    scores = memory.place(np.full((len(images), network.classes), np.nan, np.float32), align=4)
    told = {"images": len(images), "input": placed.ctypes.data, "output": scores.ctypes.data}
    for name, value in told.items():
        context.run[RUN_FIELDS.index(name)] = value
    kernel("run")(context.argument)
    assert scores.tobytes() == naive.BACKEND.load(network).scores(images).tobytes()
    memory.check()


def programs(rng):
    """A whole network through the backend, on one thread or some."""
    network = random_network(rng)
    batch = int(rng.choice([0, 1, 2, 3, 4, 5, 31, 64, 65, 127, 128, 129, 140]))
    images = builders.inputs(rng, network, batch)
    program = cpu_xnor.BACKEND.load(network)
    program.warm()
    with threads.limited(int(rng.integers(1, 5))):
        found = program.scores(moved(rng, images))
    assert found.tobytes() == naive.BACKEND.load(network).scores(images).tobytes()


def products(rng):
    """A product through the backend."""
    m, n, k = (int(rng.integers(0, 40)), int(rng.integers(0, 200)), int(rng.integers(1, 701)))
    a, w = (pack(rng.integers(0, 2, (rows, k)).astype(bool)) for rows in (m, n))
    out = np.full((m, n), 7, np.int32) if rng.integers(2) else None
    with threads.limited(int(rng.integers(1, 5))):
        found = cpu_xnor.BACKEND.multiplier(moved(rng, w), k)(moved(rng, a), out)
    assert out is None or found is out
    np.testing.assert_array_equal(found, naive.BACKEND.matmul(a, w, k))


def moved(rng, array, unit=None):
    """The same values at any address that is a multiple of `unit` bytes, of an item's where it is not given."""
    unit = unit or array.itemsize
    raw = np.zeros(array.nbytes + 8 * unit, np.uint8)
    first = -raw.ctypes.data % unit + unit * int(rng.integers(0, 8))
    placed = raw[first : first + array.nbytes].view(array.dtype).reshape(array.shape)
    placed[...] = array
    return placed


def spoiled(rng, array):
    """Something like the array, and mostly not what is taken."""
    other = rng.choice([np.uint8, np.int8, np.int32, np.int64, np.uint64, np.float32, np.float64, np.bool_, np.object_])
    ways = (
        lambda: array.astype(other),
        lambda: array[..., ::2],
        lambda: array[::-1],
        lambda: array[::2],
        lambda: np.asfortranarray(array),
        lambda: array.T,
        lambda: array.reshape(-1),
        lambda: array[None],
        lambda: array[0] if len(array) else array[()],
        lambda: array.astype(array.dtype.newbyteorder()),
        lambda: array.tolist(),
        lambda: array.tobytes(),
        lambda: memoryview(array),
        lambda: np.broadcast_to(array.dtype.type(0), (1 << 40, *array.shape[1:])),
        lambda: np.zeros((0, *array.shape[1:]), array.dtype),
        lambda: np.zeros((len(array), *([0] * (array.ndim - 1))), array.dtype),
        lambda: np.ma.masked_array(array),
        lambda: ~array,
        lambda: np.lib.stride_tricks.as_strided(array, strides=[0] * array.ndim),
        lambda: moved(rng, array, unit=1),
        lambda: rng.choice([None, 0, -1, 1.5, "images", True]),
        lambda: np.array(7, array.dtype),
    )
    return ways[rng.integers(len(ways))]()


def abuse(rng):
    """Spoiled arguments: a typed refusal, or what the oracle makes of them."""
    if rng.integers(2):
        network = random_network(rng)
        images = spoiled(rng, builders.inputs(rng, network, int(rng.integers(0, 9))))
        program = cpu_xnor.BACKEND.load(network)
        program.warm()
        agreed(lambda: program.scores(images), lambda: naive.BACKEND.load(network).scores(images))
        return
    k = int(rng.choice([1, 63, 64, 65, 200]))
    a, w = (pack(rng.integers(0, 2, (rows, k)).astype(bool)) for rows in rng.integers(0, 12, 2))
    told = rng.choice([k, k, 0, -1, -k, k + 64, 2**31, 2**63, k / 2, "1", None])
    out = np.zeros((len(a), len(w)), np.int32)
    a, w, out = (spoiled(rng, each) if rng.random() < 0.4 else each for each in (a, w, out))
    if isinstance(out, np.ndarray) and rng.random() < 0.2:
        out.flags.writeable = False
    agreed(lambda: cpu_xnor.BACKEND.multiplier(w, told)(a, out), lambda: naive.BACKEND.multiplier(w, told)(a))


def agreed(found, wanted):
    """Refused by name, or as the oracle has it."""
    with contextlib.suppress(FlipscopeError):
        result = found()
        np.testing.assert_array_equal(result, wanted())


def files(rng):
    """A model file with some bytes changed: refused by name, or a network that runs as the oracle runs it."""
    data = bytearray(modelfile.to_bytes(random_network(rng)))
    for at in rng.integers(0, len(data), rng.integers(0, 4)):
        data[at] = rng.integers(256)
    with contextlib.suppress(FlipscopeError):
        network = modelfile.load(bytes(data[: rng.integers(len(data))] if rng.random() < 0.1 else data))
        images = builders.inputs(rng, network, int(rng.integers(0, 6)))
        program = cpu_xnor.BACKEND.load(network)
        program.warm()
        assert program.scores(images).tobytes() == naive.BACKEND.load(network).scores(images).tobytes()


KINDS = {each.__name__: each for each in (kernels, networks, programs, products, abuse, files)}
