"""Who is held against the oracle, and how."""

import numpy as np

from engine.inference.backend import backend, ready
from tests.hostsim import build

SIMULATED = ["simulated"] if build.COMPILER else []
"""The CUDA kernels on the CPU (see tests.hostsim)."""
NAMES = [b.name for b in ready()] + SIMULATED
FAST = [name for name in NAMES if name != "naive"]


def assert_like_oracle(network, images, name):
    oracle, program = backend("naive").load(network), backend(name).load(network)
    program.warm()
    expected, found = oracle.scores(images), program.scores(images)
    assert found.dtype == np.float32
    assert found.shape == (len(images), network.classes)
    assert found.tobytes() == expected.tobytes()
    pairs = zip(oracle.activations(images), program.activations(images), strict=True)
    for wanted, given_ in pairs:
        assert (given_.sums.dtype, given_.bits.dtype) == (np.int32, np.uint64)
        np.testing.assert_array_equal(given_.sums, wanted.sums)
        np.testing.assert_array_equal(given_.bits, wanted.bits)
        assert_same_value(given_.value, wanted.value)


def assert_same_value(found, wanted):
    """None both, or float32 alike to the bit; what is not a number has no bits of its own."""
    assert (found is None) is (wanted is None)
    if wanted is None:
        return
    assert found.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    numbers = ~np.isnan(wanted)
    np.testing.assert_array_equal(found[numbers].view(np.uint32), wanted[numbers].view(np.uint32))
