"""One convolution by itself, with its threshold: every ready backend against the oracle's network of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import threads
from engine.bits import pack
from engine.errors import BadInput, Unsupported
from engine.inference.backend import Backend, backend
from engine.inference.network import PackedNetwork
from tests.conformance.oracle import FAST, NAMES
from tests.inference import builders

fast = pytest.mark.parametrize("name", FAST)


def case(seed, shape, outputs, kernel=3, stride=1, padding=1, batch=3):
    rng = np.random.default_rng(seed)
    conv = builders.conv(rng, shape[2], outputs, kernel, stride, padding)
    after = builders.threshold(rng, outputs, 3 * kernel)
    return conv, after, pack(rng.integers(0, 2, (batch, *shape)).astype(bool))


def by(name, conv, after, shape, maps):
    return backend(name).convolver(conv, after, shape)(maps)


@pytest.mark.parametrize("name", NAMES)
def test_signs_are_those_of_a_network(name):
    shape = (5, 6, 70)
    conv, after, maps = case(1, shape, 33)
    rng = np.random.default_rng(2)
    ending = (builders.dense(rng, 5 * 6 * 33, 3), builders.affine(rng, 3))
    network = PackedNetwork(builders.metadata(shape), (conv, after, *ending), "bits")
    (hidden,) = backend("naive").load(network).activations(maps)
    np.testing.assert_array_equal(by(name, conv, after, shape, maps), hidden.bits)


@fast
@settings(deadline=None, max_examples=30)
@given(
    height=st.integers(3, 9), width=st.integers(3, 9), channels=st.integers(1, 140), outputs=st.integers(1, 140),
    kernel=st.sampled_from([1, 3, 5]), stride=st.integers(1, 2), batch=st.integers(0, 5), seed=st.integers(0, 99),
)  # fmt: skip
def test_any_convolution(name, height, width, channels, outputs, kernel, stride, batch, seed):
    shape = (height, width, channels)
    conv, after, maps = case(seed, shape, outputs, kernel, stride, kernel // 2, batch)
    expected = by("naive", conv, after, shape, maps)
    np.testing.assert_array_equal(by(name, conv, after, shape, maps), expected)


@pytest.mark.parametrize("name", NAMES)
def test_into_an_array_that_is_given_and_by_several_threads(name):
    shape = (4, 4, 9)
    conv, after, maps = case(3, shape, 70, batch=5)
    convolve = backend(name).convolver(conv, after, shape)
    out = np.full((5, 4, 4, 2), 2**64 - 1, np.uint64)
    with threads.limited(2):
        assert convolve(maps, out) is out
    np.testing.assert_array_equal(out, by("naive", conv, after, shape, maps))


@pytest.mark.parametrize("name", NAMES)
def test_maps_that_are_refused(name):
    shape = (4, 4, 9)
    conv, after, maps = case(4, shape, 7)
    convolve = backend(name).convolver(conv, after, shape)
    for wrong in (maps[:, :3], maps.astype(np.int64), maps[0], maps | np.uint64(2**63), maps[:, ::-1]):
        with pytest.raises(BadInput):
            convolve(wrong)
    with pytest.raises(BadInput):
        backend(name).convolver(conv, after, (4, 4, 8))


def test_results_that_do_not_fit_are_refused():
    shape = (4, 4, 9)
    conv, after, maps = case(5, shape, 7)
    convolve = backend("cpu-xnor").convolver(conv, after, shape)
    for wrong in (np.empty((3, 4, 4, 2), np.uint64), np.empty((3, 4, 4, 1), np.int64)):
        with pytest.raises(BadInput, match="contiguous uint64"):
            convolve(maps, wrong)


def test_a_backend_without_convolutions_says_so():
    class Plain(Backend):
        name = "plain"

    conv, after, _ = case(6, (4, 4, 9), 7)
    with pytest.raises(Unsupported, match="plain"):
        Plain().convolver(conv, after, (4, 4, 9))
