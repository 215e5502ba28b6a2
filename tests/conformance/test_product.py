"""Every ready backend's +-1 product against the oracle's, and the oracle's against the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bits import pack, unpack
from engine.errors import BadInput
from engine.inference.backend import backend
from tests.conformance.oracle import FAST, NAMES

SIZES = [1, 63, 64, 65, 255, 784, 4096, 5185]
fast = pytest.mark.parametrize("name", FAST)


def signs(rng, rows, k, pattern):
    if pattern == "random":
        return rng.integers(0, 2, (rows, k)).astype(bool)
    return np.full((rows, k), pattern == "ones")


def definition(a, w, k):
    return [
        [sum(1 if x == y else -1 for x, y in zip(row, other, strict=True)) for other in unpack(w, k)]
        for row in unpack(a, k)
    ]


def test_oracle_is_the_definition():
    rng = np.random.default_rng(0)
    for k in (1, 63, 64, 65):
        a, w = pack(signs(rng, 3, k, "random")), pack(signs(rng, 2, k, "random"))
        product = backend("naive").matmul(a, w, k)
        assert product.dtype == np.int32
        assert product.tolist() == definition(a, w, k)


@fast
@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize(("left", "right"), [("random", "random"), ("ones", "ones"), ("ones", "zeros")])
def test_product(name, k, left, right):
    rng = np.random.default_rng(k)
    w = pack(signs(rng, 37, k, right))
    for batch in (0, 1, 7):
        a = pack(signs(rng, batch, k, left))
        product = backend(name).matmul(a, w, k)
        assert product.dtype == np.int32
        assert product.shape == (batch, 37)
        np.testing.assert_array_equal(product, backend("naive").matmul(a, w, k))


@fast
@settings(deadline=None, max_examples=40)
@given(
    m=st.integers(0, 70), n=st.integers(1, 70), k=st.integers(1, 400), seed=st.integers(0, 2**32 - 1)
)  # fmt: skip
def test_product_of_any_shape(name, m, n, k, seed):
    rng = np.random.default_rng(seed)
    a, w = pack(signs(rng, m, k, "random")), pack(signs(rng, n, k, "random"))
    np.testing.assert_array_equal(backend(name).matmul(a, w, k), backend("naive").matmul(a, w, k))


@fast
def test_product_larger_than_any_tile(name):
    rng = np.random.default_rng(1)
    a, w = pack(signs(rng, 33, 130, "random")), pack(signs(rng, 5000, 130, "random"))
    expected = backend("naive").matmul(a, w, 130)
    np.testing.assert_array_equal(backend(name).matmul(a, w, 130), expected)
    np.testing.assert_array_equal(backend(name).matmul(w, a, 130), expected.T)


@fast
def test_product_so_deep_that_sixteen_bits_would_overflow(name):
    k = 64 * 1030
    a, w = pack(np.ones((1, k), bool)), pack(np.zeros((2, k), bool))
    assert backend(name).matmul(a, w, k).tolist() == [[-k, -k]]


@pytest.mark.parametrize("name", NAMES)
def test_operands_that_are_refused(name):
    rng = np.random.default_rng(0)
    w = pack(signs(rng, 4, 70, "random"))
    refused = [
        (w.astype(np.int64), 70),
        (w[:, :1], 70),
        (w[0], 70),
        (w, 200),
        (w, 0),
        (w | np.uint64(2**63), 70),
        (np.asfortranarray(w), 70),
        (w.tolist(), 70),
        (w, -70),
        (w, 70.0),
        (w, "70"),
        (w, None),
        (np.zeros((0, 2**25), np.uint64), 2**31),
    ]
    for a, k in refused:
        with pytest.raises(BadInput):
            backend(name).matmul(a, w, k)
