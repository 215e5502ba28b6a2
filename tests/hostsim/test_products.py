"""Products of signs, every variant in every order, against the oracle."""

import numpy as np
import pytest

from engine.bits import pack
from engine.inference.backend import backend
from gpu import launches
from gpu.memory import words_of
from gpu.results import Bits, Scores, Sums
from gpu.source import GEMMS

RAGGED = [(1, 1, 1), (3, 5, 1000), (65, 130, 100), (130, 64, 64), (64, 128, 512), (66, 129, 513)]
NEVER = np.iinfo(np.int32).max


def signs(rng, rows, k):
    return pack(rng.integers(0, 2, (rows, k)).astype(bool))


def outcomes(rng, device, rows, columns):
    """Each kind of result, and what it has to be of given sums."""
    bounds = np.full(32 * words_of(columns), NEVER, np.int32)
    bounds[:columns] = rng.integers(-9, 9, columns)
    falling = rng.random(columns) < 0.5
    scale, shift = rng.standard_normal((2, columns)).astype(np.float32)
    words = device.upload(pack(falling)).view(np.uint32)
    yield Sums(device.allocate((rows, columns), np.int32)), lambda sums: sums
    signs = Bits(device.upload(bounds), words, device.allocate((rows, words_of(columns)), np.uint32))
    yield signs, lambda sums: pack((sums > bounds[:columns]) ^ falling).view(np.uint32)
    scores = Scores(device.upload(scale), device.upload(shift), device.allocate((rows, columns), np.float32))
    yield scores, lambda sums: sums.astype(np.float32) * scale + shift


@pytest.mark.parametrize("module", GEMMS, ids=str)
@pytest.mark.parametrize(("rows", "columns", "terms"), RAGGED)
def test_product_and_what_is_made_of_it(device, module, rows, columns, terms):
    rng = np.random.default_rng(rows * columns)
    a, w = signs(rng, rows, terms), signs(rng, columns, terms)
    sums = backend("naive").matmul(a, w, terms)
    there = [device.upload(words).view(np.uint32) for words in (a, w)]
    for result, expected in outcomes(rng, device, rows, columns):
        device.run(launches.gemm(module, *there, terms, result))
        np.testing.assert_array_equal(device.download(result.out), expected(sums))
