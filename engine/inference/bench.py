"""The kernel dashboard's figures: every backend and peer on one case, equality checked before timing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.bits import Words
from engine.errors import BadInput
from engine.inference.arena import CONV_PEERS, FLOAT_PEERS, PRODUCT_PEERS, Arena, bearable
from engine.inference.backend import Backend, Convolver, Multiplier, Program, backend
from engine.inference.backends.float_blas import sign_matrix
from engine.inference.contest import Contest, Contestant
from engine.inference.network import Conv, PackedNetwork, Shape, Threshold
from engine.inference.operands import (
    LARGEST,
    LARGEST_MAPS,
    convolution_traffic,
    map_of,
    network_traffic,
    product_traffic,
    random_convolution,
    random_maps,
    random_network,
    random_words,
    widths_of,
)
from engine.turns import WALL, Turns, clock
from engine.worker import Run

LARGEST_MACS = 1 << 40
NUMPY = "numpy-float32"
"""Name of a peer in this process: numpy's BLAS on floats at hand."""

Integers = NDArray[np.int32]
Call = Callable[[], object]


def gemm(shapes: Sequence[tuple[int, int, int]], threads: int, *, quick: bool) -> Run:
    """Time the +-1 product of each shape (M, N, K); yields BenchPeak, BenchRow… and Progress. Raises BadInput."""
    for shape in shapes:
        if not all(1 <= side <= LARGEST for side in shape) or math.prod(shape) > LARGEST_MACS:
            raise BadInput(f"A product of {'x'.join(map(str, shape))} is not timed here.", "Choose 1 to 8192 a side.")
    with Arena(threads, quick) as arena:
        yield from arena.opening(len(shapes))
        for index, shape in enumerate(shapes):
            yield m.Progress("job", f"Product {'x'.join(map(str, shape))}", index / len(shapes))
            yield from _time_product(arena, shape, threads)


def net(cases: Sequence[tuple[str, int]], threads: int, *, quick: bool) -> Run:
    """Time whole random networks, e.g. ("784-1024x3-10", 100); yields as `gemm` does. Raises BadInput."""
    parsed = [(widths_of(architecture), batch) for architecture, batch in cases]
    _check_batches(cases)
    with Arena(threads, quick) as arena:
        yield from arena.opening(len(cases))
        for index, ((architecture, batch), (widths, _)) in enumerate(zip(cases, parsed, strict=True)):
            case = f"{architecture}@{batch}"
            yield m.Progress("job", f"Network {case}", index / len(cases))
            yield from _time_network(arena, case, widths, batch, threads)


def conv(cases: Sequence[tuple[str, int]], threads: int, *, quick: bool) -> Run:
    """Time one binary 3x3 convolution each, e.g. ("128@32x32", 16); yields as `gemm` does. Raises BadInput."""
    shapes = [map_of(text) for text, _ in cases]
    _check_batches(cases)
    for (text, batch), shape in zip(cases, shapes, strict=True):
        if max(shape) > LARGEST or batch * math.prod(shape) > LARGEST_MAPS:
            raise BadInput(f"Maps of {text}, {batch} of them, are too large.", "Choose a smaller batch.")
    with Arena(threads, quick) as arena:
        yield from arena.opening(len(cases))
        for index, ((text, batch), shape) in enumerate(zip(cases, shapes, strict=True)):
            case = f"{text}@{batch}"
            yield m.Progress("job", f"Convolution {case}", index / len(cases))
            yield from _time_convolution(arena, case, shape, batch, threads)


def _check_batches(cases: Sequence[tuple[str, int]]) -> None:
    if any(not 1 <= batch <= LARGEST for _, batch in cases):
        raise BadInput("A batch has no images or too many.", f"Choose 1 to {LARGEST}.")


def _time_product(arena: Arena, shape: tuple[int, int, int], threads: int) -> Run:
    contest = Contest("x".join(map(str, shape)), math.prod(shape), product_traffic(*shape), threads)
    yield from _enter_products(arena, contest, shape)
    yield from arena.enter_peers(contest, PRODUCT_PEERS, lambda method: m.PeerProduct(method, threads, shape))
    yield from arena.run(contest)


def _time_network(arena: Arena, case: str, widths: tuple[int, ...], batch: int, threads: int) -> Run:
    network = random_network(widths)
    contest = Contest(case, batch * network.macs, network_traffic(network, batch), threads)
    yield from _enter_networks(arena, contest, network, batch)
    yield from arena.enter_peers(contest, FLOAT_PEERS, lambda method: m.PeerNetwork(method, threads, widths, batch))
    yield from arena.run(contest)


def _time_convolution(arena: Arena, case: str, shape: Shape, batch: int, threads: int) -> Run:
    height, width, channels = shape
    layer, after = random_convolution(channels)
    macs = batch * math.prod(layer.gives(shape)) * layer.inputs
    contest = Contest(case, macs, convolution_traffic(layer, shape, batch), threads)
    yield from _enter_convolutions(arena, contest, layer, after, random_maps(shape, batch))
    yield from arena.enter_peers(
        contest, CONV_PEERS, lambda method: m.PeerConv(method, threads, channels, height, width, batch)
    )
    yield from arena.run(contest)


# ---------------------------------------------------------------- who takes part


def _enter(arena: Arena, contest: Contest, one: Backend, call: Call, exact: bool) -> None:
    """A device's backend is listed twice: with the CPU's, and with what else is done on the device."""
    turns = Turns(call, WALL if one.offloads else clock(contest.threads))
    devices = ("", arena.gpu) if one.offloads else ("",)
    contest.contestants.append(Contestant(one.name, one.kind, turns, exact, devices))


def _enter_residents(
    arena: Arena,
    contest: Contest,
    one: Backend,
    made: Program | Multiplier | Convolver,
    operands: NDArray[np.generic],
    expected: NDArray[np.generic],
) -> None:
    """Compare what a device does on operands that it holds, and enter that. Of some things only the first are known."""
    for resident in one.residents(made, operands):
        compare = resident.result
        exact = None if compare is None else np.array_equal(compare()[: len(expected)], expected)
        contest.contestants.append(Contestant(resident.name, resident.kind, resident.turn, exact, (arena.gpu,)))


def _enter_products(arena: Arena, contest: Contest, shape: tuple[int, int, int]) -> Run:
    """Compute the product by every backend, compare, and enter those that can into the contest."""
    rows, columns, k = shape
    rng = np.random.default_rng(0)
    a, w = random_words(rng, rows, k), random_words(rng, columns, k)
    left, right = sign_matrix(a, k), sign_matrix(w, k)
    expected = (left @ right.T).astype(np.int32)
    yield None
    sound = _agrees_with_oracle(expected, a, w, k)
    for one in arena.able(contest.macs):
        with arena.attempt(one):
            multiply, out = one.multiplier(w, k), np.empty_like(expected)
            exact = sound and np.array_equal(multiply(a, out), expected)
            _enter(arena, contest, one, _product_call(multiply, a, out), exact)
            if sound:
                _enter_residents(arena, contest, one, multiply, a, expected)
        yield None
    floats = np.empty((rows, columns), left.dtype)
    turns = Turns(lambda: np.matmul(left, right.T, out=floats), clock(contest.threads))
    contest.contestants.append(Contestant(NUMPY, "peer", turns, sound))


def _agrees_with_oracle(expected: Integers, a: Words, w: Words, k: int) -> bool:
    """Whether a product is the oracle's: whole where that is bearable, else in as many rows as are."""
    rows = bearable(len(a), len(w) * k)
    chosen = np.sort(np.random.default_rng(1).permutation(len(a))[:rows])
    return np.array_equal(backend("naive").matmul(a[chosen], w, k), expected[chosen])


def _enter_networks(arena: Arena, contest: Contest, network: PackedNetwork, batch: int) -> Run:
    """Score a batch by every backend, compare, and enter those that can into the contest."""
    images = np.random.default_rng(2).integers(0, 256, (batch, *network.metadata.input_shape), dtype=np.uint8)
    checked = bearable(batch, network.macs)
    expected = backend("naive").load(network).scores(images[:checked])
    yield None
    for one in arena.able(contest.macs):
        with arena.attempt(one):
            program = one.load(network)
            program.warm()
            exact = program.scores(images)[:checked].tobytes() == expected.tobytes()
            _enter(arena, contest, one, _scores_call(program, images), exact)
            _enter_residents(arena, contest, one, program, images, expected)
        yield None


def _enter_convolutions(arena: Arena, contest: Contest, layer: Conv, after: Threshold, maps: Words) -> Run:
    """Convolve maps by every backend that can, compare, and enter it into the contest."""
    shape = (maps.shape[1], maps.shape[2], layer.channels)
    checked = bearable(len(maps), contest.macs // len(maps))
    expected = backend("naive").convolver(layer, after, shape)(maps[:checked])
    yield None
    for one in arena.able(contest.macs):
        with arena.attempt(one):
            convolve = one.convolver(layer, after, shape)
            out = convolve(maps)
            exact = np.array_equal(out[:checked], expected)
            _enter(arena, contest, one, _convolution_call(convolve, maps, out), exact)
            _enter_residents(arena, contest, one, convolve, maps, expected)
        yield None


def _product_call(multiply: Multiplier, a: Words, out: Integers) -> Call:
    return lambda: multiply(a, out)


def _scores_call(program: Program, images: NDArray[np.uint8]) -> Call:
    return lambda: program.scores(images)


def _convolution_call(convolve: Convolver, maps: Words, out: Words) -> Call:
    return lambda: convolve(maps, out)
