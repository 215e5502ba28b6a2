"""Random networks on bits, and the slow truth about them."""

from itertools import pairwise, product

import numpy as np
from hypothesis import strategies as st

from engine.bits import pack
from engine.inference.backend import backend
from engine.inference.network import Affine, Metadata, PackedNetwork
from tests.inference.builders import dense, threshold


def network(rng, widths, common=True):
    """Dense layers on bits; thresholds on ties, in both directions and out of reach; equal biases as well."""
    operations = []
    for inputs, outputs in pairwise(widths[:-1]):
        operations += [dense(rng, inputs, outputs), threshold(rng, outputs, max(2, int(np.sqrt(inputs))))]
    inputs, classes = widths[-2:]
    scale = np.full(classes, 0.375, np.float32) if common else rng.standard_normal(classes).astype(np.float32)
    shift = rng.choice(np.float32([-0.75, 0.0, 0.0, 0.375, 0.5, 1.0]), classes)
    operations += [dense(rng, inputs, classes), Affine(scale, shift)]
    names = tuple(map(str, range(classes)))
    return PackedNetwork(Metadata("random", "random", (1, widths[0], 1), names), tuple(operations), source="bits")


@st.composite
def networks(draw, most_inputs=9):
    """At most 4 blocks, perhaps none, small enough for every input to be tried."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    inputs = draw(st.integers(1, most_inputs))
    hidden = draw(st.lists(st.integers(1, 7), max_size=4))
    return network(rng, [inputs, *hidden, draw(st.integers(2, 4))])


@st.composite
def regions(draw, inputs):
    """A centre, some free bits, and a radius; as the arguments of Region."""
    centre = np.array(draw(st.lists(st.booleans(), min_size=inputs, max_size=inputs)))
    free = np.array(sorted(draw(st.sets(st.integers(0, inputs - 1)))), np.int64)
    return centre, free, draw(st.integers(0, len(free)))


def classes_of(network, inputs):
    """Class of each input bool [B, n], by the oracle."""
    return backend("naive").load(network).scores(pack(np.asarray(inputs, np.bool_))).argmax(axis=1)


def brute_force(network, region):
    """How many inputs of a region have each class, by trying every input that there is."""
    everything = np.array(list(product((False, True), repeat=len(region.centre))))
    differs = everything != region.centre
    fixed = np.setdiff1d(np.arange(len(region.centre)), region.free)
    inside = (differs.sum(axis=1) <= region.radius) & ~differs[:, fixed].any(axis=1)
    return tuple(np.bincount(classes_of(network, everything[inside]), minlength=network.classes).tolist())


class Clock:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1
        return self.now
