"""A network's constraints say of every input what the oracle says."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings

from engine.bits import pack
from engine.errors import Unsupported
from engine.inference.network import Affine, Dense
from engine.verify.constraints import constraints
from tests.inference.builders import affine, dense, metadata
from tests.inference.builders import threshold as limits
from tests.verify.builders import classes_of, network, networks


@settings(deadline=None, max_examples=50)
@given(networks(6))
def test_neurons_and_classes_are_those_of_the_oracle(net):
    found = constraints(net)
    inputs = np.array(list(product((False, True), repeat=found.inputs)))
    assert [found.label(row) for row in inputs] == classes_of(net, inputs).tolist()


@settings(deadline=None, max_examples=50)
@given(networks(6))
def test_a_class_wins_where_it_beats_all_others(net):
    found = constraints(net)
    values = np.array(list(product((False, True), repeat=found.output.inputs)))
    last = type(net)(metadata((1, found.output.inputs, 1), net.classes), net.operations[-2:], source="bits")
    winners = classes_of(last, values)
    for label in range(net.classes):
        rivals = [other for other in range(net.classes) if other != label]
        beats_all = np.all([found.beats(label, other).holds(values) for other in rivals], axis=0)
        assert np.array_equal(beats_all, winners == label)


def test_scales_of_their_own_are_no_cardinality_constraint():
    found = constraints(network(np.random.default_rng(0), [5, 4, 3], common=False))
    with pytest.raises(Unsupported, match="scales"):
        found.beats(0, 1)


def test_a_tie_that_rounding_decides_is_no_cardinality_constraint():
    """A bias worth two more in the sum: equal scores, but for roundings that depend on where the sums are."""
    net = network(np.random.default_rng(0), [5, 60, 2])
    rows = np.ones((2, 60), np.bool_)
    rows[1, :3] = False
    last = (Dense(pack(rows), 60), Affine(np.float32([0.1, 0.1]), np.float32([0.0, 0.2])))
    with pytest.raises(Unsupported, match="rounding"):
        constraints(replace(net, operations=(*net.operations[:-2], *last))).beats(0, 1)


def test_networks_on_pixels_are_refused():
    rng = np.random.default_rng(0)
    operations = (dense(rng, 20, 4), limits(rng, 4, 9), dense(rng, 4, 3), affine(rng, 3, bias_only=True))
    with pytest.raises(Unsupported, match="on bits"):
        constraints(type(network(rng, [2, 2, 2]))(metadata(), operations))


def test_the_label_needs_no_backend():
    net = network(np.random.default_rng(3), [30, 20, 10, 4])
    inputs = np.random.default_rng(4).random((50, 30)) < 0.5
    assert [constraints(net).label(row) for row in inputs] == classes_of(net, inputs).tolist()
