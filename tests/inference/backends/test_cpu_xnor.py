"""The native backend as a whole: sizes about its blocks, threads, compiling in the background, what it refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import threads
from engine.bits import pack
from engine.errors import BadInput
from engine.faults.broken import broken
from engine.inference.backends import cpu_xnor
from engine.inference.backends.naive import BACKEND as ORACLE
from engine.inference.backends.numpy_xnor import XnorProgram
from engine.inference.flipping import FlippingProgram
from engine.inference.lowering import Constants, Lowering
from engine.inference.network import MaxPool, PackedNetwork
from engine.inference.rules import stages
from engine.jit.target import VARIANTS
from tests.inference import builders

BACKEND = cpu_xnor.BACKEND
BATCHES = (0, 1, 2, 3, 4, 5, 127, 128, 129, 300)
LAYERS = ((33, 3, 2, 1, MaxPool(2, 1)), (70, 3, 1, 1, None))
VALUES = ((65, 3, 1, 1, None, "value"), (65, 3, 1, 1, None, "shortcut"), (70, 5, 2, 1, MaxPool(2, 1), "value"))
BUILT = {
    "pixels": lambda rng: builders.packed(rng, (3, 7, 1), (70, 130), 11),
    "pixels in fours": lambda rng: builders.packed(rng, (4, 8, 2), (64, 128), 10),
    "bits": lambda rng: builders.packed(rng, (3, 43, 1), (65, 8), 3, "bits"),
    "scores at once": lambda rng: builders.packed(rng, (5, 5, 1), (), 17),
    "maps of pixels": lambda rng: builders.convolutional(rng, (9, 8, 3), LAYERS, 5),
    "maps of bits": lambda rng: builders.convolutional(rng, (7, 8, 65), LAYERS, 5, "bits"),
    "values": lambda rng: builders.residual(rng, (7, 9, 3), builders.BLOCKS, ((40, "value"), (40, "shortcut")), 5),
    "values of bits": lambda rng: builders.residual(rng, (8, 7, 65), VALUES, (), 5, "bits", builders.odd),
    "maps in place": lambda rng: builders.convolutional(rng, (6, 5, 64), ((9, 5, 1, 0, None),), 4, "bits"),
}


def native(network):
    """A program that is compiled, not one that numpy stands in for."""
    program = BACKEND.load(network)
    program.warm()
    assert program._native is not None
    return program


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("kind", BUILT)
def test_batches_about_the_blocks(kind):
    rng = np.random.default_rng(len(kind))
    network = BUILT[kind](rng)
    images = builders.inputs(rng, network, max(BATCHES))
    program, expected = native(network), ORACLE.load(network).scores(images)
    for batch in BATCHES:
        assert program.scores(images[:batch]).tobytes() == expected[:batch].tobytes(), batch


def some_cells(rng, network):
    """A tenth of the weights of each layer."""
    return [np.flatnonzero(rng.random(layer.outputs * layer.inputs) < 0.1) for layer in network.layers()]


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("kind", BUILT)
def test_weights_flipped_in_place_give_what_the_flipped_network_gives(kind):
    rng = np.random.default_rng(len(kind))
    network = BUILT[kind](rng)
    images, cells = builders.inputs(rng, network, 9), some_cells(rng, network)
    program = FlippingProgram(network, images)
    for layer, which in enumerate(cells):
        program.flip(layer, which)
    expected = ORACLE.load(broken(network, cells)).scores(images)
    assert program.scores(slice(None)).tobytes() == expected.tobytes()
    assert program.scores(slice(1)).tobytes() == expected[:1].tobytes()
    program.restore()
    assert program.scores(slice(None)).tobytes() == ORACLE.load(network).scores(images).tobytes()


@pytest.mark.parametrize("kind", BUILT)
@pytest.mark.parametrize("target", VARIANTS, ids=lambda target: target.name)
def test_what_is_flipped_in_place_is_laid_out_as_if_anew_for_every_processor(kind, target):
    rng = np.random.default_rng(len(kind))
    network = BUILT[kind](rng)
    cells = some_cells(rng, network)
    found, expected = (
        Lowering(list(stages(each)), each.source, target, Constants(), narrow=False)
        for each in (network, broken(network, cells))
    )
    for kept, wanted, which in zip(found.kept, expected.kept, cells, strict=True):
        kept.flip(which)
        np.testing.assert_array_equal(kept.rows, wanted.rows)
        np.testing.assert_array_equal(kept.base, wanted.base)


@pytest.mark.usefixtures("variant")
@settings(deadline=None, max_examples=80)
@given(
    m=st.one_of(st.integers(0, 20), st.sampled_from([63, 64, 65])),
    n=st.one_of(st.integers(1, 40), st.sampled_from([63, 64, 65, 127, 128, 129, 200])),
    k=st.one_of(st.integers(1, 700), st.sampled_from([63, 64, 65, 128, 448, 511, 512, 513, 31 * 64, 31 * 64 + 1])),
    fill=st.sampled_from(["random", "equal", "opposite"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_product_of_any_shape(m, n, k, fill, seed):
    rng = np.random.default_rng(seed)
    a, w = (rng.integers(0, 2, (rows, k)).astype(bool) for rows in (m, n))
    if fill != "random":
        a[:], w[:] = True, fill == "equal"
    a, w = pack(a), pack(w)
    np.testing.assert_array_equal(BACKEND.matmul(a, w, k), ORACLE.matmul(a, w, k))


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("channels", [1, 63, 64, 65, 128, 200])
@pytest.mark.parametrize("sides", [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 0), (5, 1, 2), (5, 2, 1)])
def test_convolver(channels, sides):
    rng = np.random.default_rng(channels)
    conv = builders.conv(rng, channels, channels % 90 + 1, *sides)
    fold = builders.threshold(rng, conv.outputs, 5)
    for shape in ((5, 7, channels), (6, 6, channels)):
        maps = pack(rng.integers(0, 2, (9, *shape)).astype(bool))
        expected = ORACLE.convolver(conv, fold, shape)(maps)
        out = np.full(expected.shape, 2**64 - 1, np.uint64)
        assert BACKEND.convolver(conv, fold, shape)(maps, out) is out
        np.testing.assert_array_equal(out, expected)
        assert BACKEND.convolver(conv, fold, shape)(maps[:0]).shape == (0, *expected.shape[1:])


def test_a_tall_product_passes_by_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    a, w = (pack(rng.integers(0, 2, (rows, 70)).astype(bool)) for rows in (103, 21))
    expected = ORACLE.matmul(a, w, 70)
    monkeypatch.setattr(cpu_xnor, "ROW_BYTES", 200)
    for limit in (1, 3):
        with threads.limited(limit):
            np.testing.assert_array_equal(BACKEND.matmul(a, w, 70), expected)


def test_large_images_are_taken_a_few_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    network = BUILT["maps of pixels"](rng)
    images = builders.inputs(rng, network, 23)
    expected = ORACLE.load(network).scores(images).tobytes()
    for room in (0, 10_000):
        monkeypatch.setattr(cpu_xnor, "SCRATCH", room)
        program = native(network)
        assert program._native._batches._block < 23
        assert program.scores(images).tobytes() == expected


# ---------------------------------------------------------------- threads


@pytest.mark.parametrize("kind", ["pixels", "maps of bits"])
def test_eight_threads_share_two_programs(kind):
    """Batches and single images at once: each call has the scratch memory of its own."""
    rng = np.random.default_rng(1)
    networks = [BUILT[kind](rng) for _ in range(2)]
    images = [builders.inputs(rng, network, 140) for network in networks]
    programs = [native(network) for network in networks]
    expected = [ORACLE.load(network).scores(given) for network, given in zip(networks, images, strict=True)]
    start = threading.Barrier(8)

    def work(seed):
        draw = np.random.default_rng(seed)
        start.wait()
        for _ in range(60):
            which, first, count = draw.integers(2), draw.integers(100), draw.choice([1, 2, 3, 5, 40])
            part = slice(first, first + count)
            assert programs[which].scores(images[which][part]).tobytes() == expected[which][part].tobytes()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_programs_and_products_are_made_in_several_threads():
    rng = np.random.default_rng(2)
    network = BUILT["maps of pixels"](rng)
    images = builders.inputs(rng, network, 6)
    expected = ORACLE.load(network).scores(images).tobytes()
    w = pack(rng.integers(0, 2, (30, 70)).astype(bool))
    product = ORACLE.matmul(w, w, 70)
    start = threading.Barrier(6)

    def work(_):
        start.wait()
        for _ in range(3):
            assert native(network).scores(images).tobytes() == expected
            np.testing.assert_array_equal(BACKEND.matmul(w, w, 70), product)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))


@pytest.mark.parametrize("limit", [2, 3, 7])
def test_more_threads_change_nothing(limit):
    rng = np.random.default_rng(3)
    network = BUILT["pixels"](rng)
    images, program = builders.inputs(rng, network, 301), native(network)
    a, w = (pack(rng.integers(0, 2, (rows, 130)).astype(bool)) for rows in (97, 33))
    conv, fold = builders.conv(rng, 65, 40, 3, 1, 1), builders.threshold(rng, 40, 5)
    maps = pack(rng.integers(0, 2, (11, 6, 6, 65)).astype(bool))

    def made():
        yield program.scores(images).tobytes()
        yield BACKEND.matmul(a, w, 130).tobytes()
        yield BACKEND.convolver(conv, fold, (6, 6, 65))(maps).tobytes()

    alone = list(made())
    with threads.limited(limit):
        assert list(made()) == alone


# ---------------------------------------------------------------- compiling


@pytest.fixture
def gate(monkeypatch):
    """The compiler waits here."""
    opened, make = threading.Event(), cpu_xnor._Native

    def slow(network):
        assert opened.wait(60)
        return make(network)

    monkeypatch.setattr(cpu_xnor, "_Native", slow)
    yield opened
    opened.set()


def test_numpy_answers_until_the_kernels_are_ready(gate):
    rng = np.random.default_rng(4)
    network = BUILT["pixels"](rng)
    images = builders.inputs(rng, network, 9)
    program = BACKEND.load(network)
    before = program.scores(images)
    assert program._native is None
    assert [a.sums.tolist() for a in program.activations(images)]
    with pytest.raises(BadInput):
        program.scores(images[:, :1])
    gate.set()
    program.warm()
    assert program._native is not None
    assert program.scores(images).tobytes() == before.tobytes() == XnorProgram(network).scores(images).tobytes()


def test_several_wait_for_the_compiler(gate):
    network = BUILT["bits"](np.random.default_rng(5))
    program = BACKEND.load(network)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(program.warm) for _ in range(4)]
        gate.set()
        for each in waiting:
            each.result()
    assert program._native is not None


def test_numpy_goes_on_where_the_compiler_fails(monkeypatch, caplog):
    def failing(_):
        raise RuntimeError("no room for code")

    monkeypatch.setattr(cpu_xnor, "_Native", failing)
    rng = np.random.default_rng(6)
    network = BUILT["maps of bits"](rng)
    images = builders.inputs(rng, network, 3)
    program = BACKEND.load(network)
    program.warm()
    for _ in range(3):
        assert program.scores(images).tobytes() == ORACLE.load(network).scores(images).tobytes()
    assert caplog.text.count("numpy answers") == 1


# ---------------------------------------------------------------- what is refused, and what is not


def shifted(array, by):
    """The same values, `by` bytes beyond an aligned address."""
    raw = np.zeros(array.nbytes + 128, np.uint8)
    first = -raw.ctypes.data % 64 + by
    placed = raw[first : first + array.nbytes].view(array.dtype).reshape(array.shape)
    placed[...] = array
    return placed


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("kind", BUILT)
@pytest.mark.parametrize("batch", [1, 6])
def test_any_address_and_read_only_images(kind, batch):
    rng = np.random.default_rng(7)
    network = BUILT[kind](rng)
    images, program = builders.inputs(rng, network, batch), native(network)
    expected = ORACLE.load(network).scores(images).tobytes()
    for by in (1, 3, 7) if network.source == "u8" else (8, 24):
        placed = shifted(images, by)
        placed.flags.writeable = False
        assert program.scores(placed).tobytes() == expected
    if network.source == "bits":
        with pytest.raises(BadInput, match="aligned"):
            program.scores(shifted(images, 4))


@pytest.mark.parametrize("kind", ["pixels", "maps of bits"])
def test_images_that_are_refused(kind):
    rng = np.random.default_rng(8)
    network = BUILT[kind](rng)
    images, program = builders.inputs(rng, network, 6), native(network)
    wide = np.concatenate([images, images], axis=-1)
    strided = np.lib.stride_tricks.as_strided(images, images.shape, [0] * images.ndim)
    for bad in (
        images[::2], images[::-1], wide[..., : images.shape[-1]], np.asfortranarray(images), strided, images[0],
        images[..., None], images.astype(np.int64), images.astype(">u8"), images.tolist(), None, 3, "images", b"",
        memoryview(images), np.broadcast_to(images.dtype.type(0), (1 << 40, *images.shape[1:])),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            program.scores(bad)


def test_operands_and_results_that_are_refused():
    rng = np.random.default_rng(9)
    a, w = (pack(rng.integers(0, 2, (rows, 70)).astype(bool)) for rows in (6, 4))
    multiply = BACKEND.multiplier(w, 70)
    for bad in (a[::2], a[:, :1], shifted(a, 4), a.astype(">u8"), ~a, a.tolist(), None):
        with pytest.raises(BadInput):
            multiply(bad)
    sealed = np.zeros((6, 4), np.int32)
    sealed.flags.writeable = False
    good = np.zeros((6, 4), np.int32)
    for out in (
        sealed, good[:5], good[:, :3], good.T, np.zeros((6, 8), np.int32)[:, ::2], good.astype(np.int64),
        good.astype(">i4"), shifted(good, 2), good.tolist(), 0, np.broadcast_to(np.int32(0), (6, 4)),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            multiply(a, out)
    assert multiply(a, good) is good
    for k in (0, -1, 2**31, 2**63, 70.0, "70", None):
        with pytest.raises(BadInput):
            BACKEND.multiplier(np.zeros((0, 2), np.uint64), k)


def test_a_result_that_a_convolver_refuses():
    rng = np.random.default_rng(10)
    conv, fold = builders.conv(rng, 5, 70, 3), builders.threshold(rng, 70, 5)
    convolve = BACKEND.convolver(conv, fold, (6, 6, 5))
    maps = pack(rng.integers(0, 2, (2, 6, 6, 5)).astype(bool))
    right = np.zeros((2, 4, 4, 2), np.uint64)
    for out in (right[..., :1], right[..., :1].copy(), right.astype(np.int64), right[:1], []):
        with pytest.raises(BadInput):
            convolve(maps, out)
    for bad in (maps[:, :5], maps | np.uint64(32), maps.astype(np.int64), None):
        with pytest.raises(BadInput):
            convolve(bad)
    for shape in ((6, 6, 4), (2, 2, 5), (6, 6), (-6, -6, 5), (6, 6, 0)):
        with pytest.raises(BadInput):
            BACKEND.convolver(conv, fold, shape)


def test_a_network_keeps_what_it_was_made_of():
    """Arrays that are changed after loading change nothing, and free memory is never read."""
    rng = np.random.default_rng(11)
    network = BUILT["pixels"](rng)
    images = builders.inputs(rng, network, 5)
    expected = ORACLE.load(network).scores(images).tobytes()
    program = native(network)
    for operation in network.operations:
        for array in vars(operation).values():
            if isinstance(array, np.ndarray):
                array[...] = 0
    del network
    for batch in (5, 1):
        assert program.scores(images)[:batch].tobytes() == expected[: batch * 44]


def test_pixels_of_the_largest_images():
    """2^22 white pixels: the most that a model file may hold, sums near the end of 32 bits."""
    pixels = 1 << 22
    rng = np.random.default_rng(12)
    signs = np.stack([np.ones(pixels, bool), np.zeros(pixels, bool), rng.integers(0, 2, pixels).astype(bool)])
    small = builders.packed(rng, (2048, 2048, 1), (3,), 2)
    first = type(small.operations[0])(pack(signs), pixels)
    for limits in ((255 * pixels, -255 * pixels, 0), (-255 * pixels, 255 * pixels, 1)):
        fold = type(small.operations[1])(np.array(limits, np.int32), np.array([True, False, True]))
        network = PackedNetwork(small.metadata, (first, fold, *small.operations[2:]))
        image = np.full((1, 2048, 2048, 1), 255, np.uint8)
        program = native(network)
        expected = ORACLE.load(network).scores(image)
        assert program.scores(image).tobytes() == expected.tobytes()
        assert program._native.many(image).tobytes() == expected.tobytes()
