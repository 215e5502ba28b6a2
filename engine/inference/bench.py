"""The kernel dashboard's figures: every backend and float peer on one case, equality checked before timing."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine import threads
from engine.bits import Words, pack
from engine.child import Child
from engine.errors import BadInput, FlipscopeError
from engine.inference.backend import Backend, Multiplier, Program, Ready, backend, backends, ready
from engine.inference.backends.float_blas import sign_matrix
from engine.inference.contest import NUMPY, ONEDNN, SAMPLE, TORCH, Contest, Contestant, repeated
from engine.inference.network import Affine, Dense, Metadata, Operation, PackedNetwork, Threshold
from engine.jit import peak
from engine.worker import Run

ORACLE_MACS = 1 << 31
"""Work up to which the oracle does a case whole and is timed; on more it checks some rows."""
LARGEST = 1 << 15
"""The longest side of a product."""
LARGEST_MACS = 1 << 40
QUICK, FULL = (5, 0.5), (9, 3.0)
"""Rounds at least, and seconds for a case."""

Integers = NDArray[np.int32]


def gemm(shapes: Sequence[tuple[int, int, int]], threads: int, *, quick: bool) -> Run:
    """Time the +-1 product of each shape (M, N, K); yields BenchPeak, BenchRow… and Progress. Raises BadInput."""
    for shape in shapes:
        if not all(1 <= side <= LARGEST for side in shape) or math.prod(shape) > LARGEST_MACS:
            raise BadInput(f"A product of {'x'.join(map(str, shape))} is not timed here.", "Choose 1 to 8192 a side.")
    with _Arena(threads, quick) as arena:
        yield from arena.opening(len(shapes))
        for index, shape in enumerate(shapes):
            yield m.Progress("job", f"Product {'x'.join(map(str, shape))}", index / len(shapes))
            yield from _time_product(arena, shape, threads)


def net(cases: Sequence[tuple[str, int]], threads: int, *, quick: bool) -> Run:
    """Time whole random networks, e.g. ("784-1024x3-10", 100); yields as `gemm` does. Raises BadInput."""
    parsed = [(widths_of(architecture), batch) for architecture, batch in cases]
    if any(not 1 <= batch <= LARGEST for _, batch in parsed):
        raise BadInput("A batch has no images or too many.", f"Choose 1 to {LARGEST}.")
    with _Arena(threads, quick) as arena:
        yield from arena.opening(len(cases))
        for index, ((architecture, batch), (widths, _)) in enumerate(zip(cases, parsed, strict=True)):
            case = f"{architecture}@{batch}"
            yield m.Progress("job", f"Network {case}", index / len(cases))
            yield from _time_network(arena, case, widths, batch, threads)


def _time_product(arena: _Arena, shape: tuple[int, int, int], threads: int) -> Run:
    contest = Contest("x".join(map(str, shape)), math.prod(shape), threads, [])
    yield from _enter_products(contest, shape)
    arena.enter_peers(contest, lambda samples, method: m.PeerProduct(shape, samples, threads, method))
    yield from arena.run(contest)


def _time_network(arena: _Arena, case: str, widths: tuple[int, ...], batch: int, threads: int) -> Run:
    network = random_network(widths)
    contest = Contest(case, batch * network.macs, threads, [])
    yield from _enter_networks(contest, network, batch)
    arena.enter_peers(contest, lambda samples, method: m.PeerNetwork(widths, batch, samples, threads, method))
    yield from arena.run(contest)


def widths_of(architecture: str) -> tuple[int, ...]:
    """Widths of "784-1024x3-10": 784, 1024, 1024, 1024, 10. Raises BadInput."""
    widths: list[int] = []
    for part in architecture.split("-"):
        width, cross, times = part.partition("x")
        if not width.isdecimal() or (cross and not times.isdecimal()) or len(part) > 12:
            raise BadInput(f"'{architecture}' is no architecture.", "Write it like 784-1024x3-10.")
        widths += [int(width)] * (min(int(times), 100) if cross else 1)
    if len(widths) < 2 or not all(1 <= width <= LARGEST for width in widths):
        raise BadInput(f"'{architecture}' is no architecture.", f"Give two or more widths of 1 to {LARGEST}.")
    return tuple(widths)


def random_network(widths: Sequence[int]) -> PackedNetwork:
    """A network of these widths whose weights and thresholds are random, on 8-bit pixels."""
    rng = np.random.default_rng(0)
    operations: list[Operation] = []
    spread = 148.0  # root mean square of a uniform byte
    for inputs, outputs in pairwise(widths[:-1]):
        limits = np.rint(rng.standard_normal(outputs) * spread * np.sqrt(inputs)).astype(np.int32)
        operations += [_random_dense(rng, inputs, outputs), Threshold(limits, rng.random(outputs) < 0.5)]
        spread = 1.0
    scale, shift = rng.standard_normal((2, widths[-1])).astype(np.float32)
    operations += [_random_dense(rng, widths[-2], widths[-1]), Affine(scale, shift)]
    names = tuple(str(i) for i in range(widths[-1]))
    return PackedNetwork(Metadata("random", "", (1, widths[0], 1), names), tuple(operations))


def _random_dense(rng: np.random.Generator, inputs: int, outputs: int) -> Dense:
    return Dense(_random_words(rng, outputs, inputs), inputs)


def _random_words(rng: np.random.Generator, rows: int, bits: int) -> Words:
    """Full entropy: constant operands would flatter some kernels."""
    words = rng.integers(0, 2**64, (rows, -(-bits // 64)), dtype=np.uint64)
    return words & pack(np.ones(bits, np.bool_))


# ---------------------------------------------------------------- who takes part


def _able(macs: int) -> list[Backend]:
    return [one for one in ready() if one.kind != "oracle" or macs <= ORACLE_MACS]


def _enter_products(contest: Contest, shape: tuple[int, int, int]) -> Run:
    """Compute the product by every backend, compare, and enter those that can into the contest."""
    rows, columns, k = shape
    rng = np.random.default_rng(0)
    a, w = _random_words(rng, rows, k), _random_words(rng, columns, k)
    left, right = sign_matrix(a, k), sign_matrix(w, k)
    expected = (left @ right.T).astype(np.int32)
    yield None
    sound = _agrees_with_oracle(expected, a, w, k)
    for one in _able(contest.macs):
        multiply, out = one.multiplier(w, k), np.empty_like(expected)
        exact = sound and np.array_equal(multiply(a, out), expected)
        contest.contestants.append(Contestant(one.name, one.kind, repeated(_product_run(multiply, a, out)), exact))
        yield None
    floats = np.empty((rows, columns), left.dtype)
    run = repeated(lambda: np.matmul(left, right.T, out=floats))
    contest.contestants.append(Contestant(NUMPY, "peer", run, sound))


def _product_run(multiply: Multiplier, a: Words, out: Integers) -> Callable[[], Integers]:
    return lambda: multiply(a, out)


def _scores_run(program: Program, images: NDArray[np.uint8]) -> Callable[[], object]:
    return lambda: program.scores(images)


def _agrees_with_oracle(expected: Integers, a: Words, w: Words, k: int) -> bool:
    """Whether a product is the oracle's: whole where that is bearable, else in as many rows as are."""
    rows = max(1, min(len(a), ORACLE_MACS // (len(w) * k)))
    chosen = np.sort(np.random.default_rng(1).permutation(len(a))[:rows])
    return np.array_equal(backend("naive").matmul(a[chosen], w, k), expected[chosen])


def _enter_networks(contest: Contest, network: PackedNetwork, batch: int) -> Run:
    """Score a batch by every backend, compare, and enter those that can into the contest."""
    images = np.random.default_rng(2).integers(0, 256, (batch, *network.metadata.input_shape), dtype=np.uint8)
    checked = max(1, min(batch, ORACLE_MACS // network.macs))
    expected = backend("naive").load(network).scores(images[:checked])
    yield None
    for one in _able(contest.macs):
        program = one.load(network)
        program.warm()
        exact = program.scores(images)[:checked].tobytes() == expected.tobytes()
        contest.contestants.append(Contestant(one.name, one.kind, repeated(_scores_run(program, images)), exact))
        yield None


# ---------------------------------------------------------------- how it is run


class _Arena:
    """What all cases share: the number of threads, torch in a process of its own, who cannot take part."""

    def __init__(self, threads: int, quick: bool) -> None:
        if not 1 <= threads <= 1024:
            raise BadInput(f"{threads} threads cannot be used.", "Choose 1 or as many as there are cores.")
        self._threads = threads
        self._least, self._budget = QUICK if quick else FULL
        self._open = ExitStack()
        self._torch: Child | None = None
        self._absent: list[m.BenchRow] = []

    def __enter__(self) -> _Arena:
        self._open.enter_context(threads.limited(self._threads))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def opening(self, cases: int) -> Run:
        """Measure the ceilings, find out who is absent, start torch."""
        if not cases:
            raise BadInput("There is nothing to time.", "Name at least one case.")
        popcount, fma = (max(loop.sample() for _ in range(5)) for loop in (peak.popcount(), peak.fma()))
        yield m.BenchPeak(popcount, fma, _machine())
        for one in backends().values():
            state = one.probe()
            if not isinstance(state, Ready):
                self._miss(one.name, one.kind, state.reason, state.remedy)
        yield m.Progress("job", "Starting torch", 0.0)
        try:
            self._torch = self._open.enter_context(Child("torch"))
        except FlipscopeError as error:
            self._miss(TORCH, "peer", error.what, error.remedy)

    def enter_peers(self, contest: Contest, command: Callable[[int, str], m.PeerProduct | m.PeerNetwork]) -> None:
        """Enter torch's products, as far as torch can make them."""
        for name, method in ((TORCH, "torch"), (ONEDNN, "onednn")):
            if self._torch is None:
                return
            child = self._torch
            try:
                child.ask(command(1, method), m.PeerTimes)
            except FlipscopeError as error:
                self._miss(name, "peer", error.what, error.remedy)
                continue
            sample = _peer_sample(child, command, method)
            contest.contestants.append(Contestant(name, "peer", sample))

    def run(self, contest: Contest) -> Run:
        """Time a contest and tell its results."""
        yield from contest.rounds(self._least, self._budget)
        yield from contest.rows()
        for row in self._absent:
            yield m.BenchRow(contest.case, row.backend, row.kind, row.threads, reason=row.reason, remedy=row.remedy)

    def _miss(self, name: str, kind: str, reason: str, remedy: str) -> None:
        if all(row.backend != name for row in self._absent):
            self._absent.append(m.BenchRow("", name, kind, self._threads, reason=reason, remedy=remedy))


def _machine() -> str:
    """The processor, and what in the environment holds numpy's BLAS back on it."""
    held = os.environ.get("OPENBLAS_CORETYPE")
    return f"{peak.machine()}, numpy held to OPENBLAS_CORETYPE={held}" if held else peak.machine()


def _peer_sample(
    child: Child, command: Callable[[int, str], m.PeerProduct | m.PeerNetwork], method: str
) -> Callable[[], Sequence[float]]:
    """A turn of torch's: as many passes, and so as warm, as ours."""
    passes = 3

    def sample() -> Sequence[float]:
        nonlocal passes
        seconds = child.ask(command(passes, method), m.PeerTimes).seconds
        passes = min(max(3, round(SAMPLE / max(statistics.median(seconds), 1e-7))), 200)
        return seconds

    return sample
