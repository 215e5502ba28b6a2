"""Decision diagrams, enumeration and SAT agree with brute force, and with each other where that ends."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.inference.backend import backend
from engine.verify import bdd, sat
from engine.verify.answers import Answer, Budget
from engine.verify.constraints import constraints
from engine.verify.enumerate import enumerate_region
from engine.verify.region import Region
from tests.verify.builders import Clock, brute_force, classes_of, network, networks, regions

WAYS = {"reading": bdd.Options(), "weight": bdd.Options(order="weight"), "pure": bdd.Options(pure=True)}


@st.composite
def questions(draw):
    net = draw(networks())
    return net, Region(*draw(regions(net.metadata.inputs)))


def enumerated(net, region, budget=None) -> Answer:
    *_, answer = enumerate_region(backend("cpu-xnor").load(net), region, net.classes, budget or Budget())
    return answer


def check_counterexample(net, region, answer):
    found = answer.counterexample
    assert (found is None) == (answer.status != "refuted")
    if found is not None:
        assert classes_of(net, found[np.newaxis])[0] == answer.counterclass != answer.label
        differs = np.flatnonzero(found != region.centre)
        assert len(differs) <= region.radius
        assert set(differs) <= set(region.free.tolist())


@settings(deadline=None, max_examples=60)
@given(questions())
def test_all_engines_tell_the_truth(question):
    net, region = question
    truth = brute_force(net, region)
    label = int(classes_of(net, region.centre[np.newaxis])[0])
    status = "proved" if truth[label] == region.size else "refuted"
    answers = [enumerated(net, region), sat.solve(constraints(net), region, label, Budget())]
    answers += [bdd.count(constraints(net), region, label, Budget(), way) for way in WAYS.values()]
    for answer in answers:
        assert (answer.label, answer.size, answer.status) == (label, region.size, status)
        check_counterexample(net, region, answer)
        if answer.engine != sat.NAME:
            assert answer.counts == truth
            assert answer.robust == truth[label]


@pytest.mark.parametrize(("widths", "radius"), [([60, 20, 5], 3), ([100, 50, 10], 2), ([40, 15, 12, 8, 4], 3)])
def test_balls_of_thousands_have_the_counts_of_enumeration(widths, radius):
    rng = np.random.default_rng(radius)
    net = network(rng, widths)
    region = Region.ball(rng.random(widths[0]) < 0.5, radius)
    wanted = enumerated(net, region)
    found = bdd.count(constraints(net), region, wanted.label, Budget())
    assert region.size > 5000
    assert found.counts == wanted.counts
    assert found.status == wanted.status
    check_counterexample(net, region, found)


def test_counts_by_distance_are_those_of_smaller_balls():
    net = network(np.random.default_rng(1), [12, 6, 3])
    centre = np.random.default_rng(2).random(12) < 0.5
    by_distance = enumerated(net, Region.ball(centre, 4)).by_distance
    for radius in range(5):
        assert tuple(by_distance[: radius + 1].sum(axis=0)) == brute_force(net, Region.ball(centre, radius))


def test_the_counterexample_of_diagrams_is_a_nearest_one_of_its_class():
    net = network(np.random.default_rng(5), [10, 6, 3])
    for seed in range(10):
        region = Region.ball(np.random.default_rng(seed).random(10) < 0.5, 4)
        answer = bdd.count(constraints(net), region, constraints(net).label(region.centre), Budget())
        if answer.counterexample is not None:
            distance = int(np.count_nonzero(answer.counterexample != region.centre))
            assert brute_force(net, Region.ball(region.centre, distance - 1))[answer.counterclass] == 0


def test_counts_beyond_64_bits_are_exact():
    """All values of 80 bits of which only the first three are read: whole multiples of 2**77."""
    net = network(np.random.default_rng(0), [3, 4, 2])
    small = brute_force(net, Region.cube(np.zeros(3, np.bool_), np.arange(3)))
    wide = replace(constraints(net), inputs=80)
    region = Region.cube(np.zeros(80, np.bool_), np.arange(80))
    found = bdd.count(wide, region, wide.label(region.centre), Budget())
    assert found.counts == tuple(count << 77 for count in small)


NO_CUDD = pytest.mark.skipif(importlib.util.find_spec("dd.cudd") is None, reason="there is no CUDD here")


@pytest.mark.parametrize("pure", [pytest.param(False, marks=NO_CUDD), True])
def test_a_full_manager_ends_the_count_and_says_so(pure):
    rng = np.random.default_rng(0)
    net, centre = network(rng, [64, 40, 10]), rng.random(64) < 0.5
    limit = 20_000 if pure else 300_000
    answer = bdd.count(constraints(net), Region.ball(centre, 20), 0, Budget(30, limit), bdd.Options(pure=pure))
    assert answer.status == "out of budget"
    assert answer.note


def test_time_that_ends_is_said_by_every_engine():
    rng = np.random.default_rng(0)
    net, region = network(rng, [30, 20, 4]), Region.ball(rng.random(30) < 0.5, 5)
    label = constraints(net).label(region.centre)
    for answer in (
        bdd.count(constraints(net), region, label, Budget(10, clock=Clock())),
        sat.solve(constraints(net), region, label, Budget(0.5, clock=Clock())),
    ):
        assert answer.status == "out of budget"
        assert "were not enough" in answer.note
        assert answer.counts is None
    answer = enumerated(net, region, Budget(2, clock=Clock()))
    assert answer.counts is None
    assert "were not enough" in answer.note


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_networks_with_scales_of_their_own_can_be_enumerated(seed):
    rng = np.random.default_rng(seed)
    net = network(rng, [7, 4, 3], common=False)
    region = Region.ball(rng.random(7) < 0.5, 2)
    assert enumerated(net, region).counts == brute_force(net, region)


def test_a_low_limit_of_nodes_is_held_as_well():
    net = constraints(network(np.random.default_rng(5), [40, 30, 5]))
    answer = bdd.count(net, Region.ball(np.zeros(40, bool), 6), 0, Budget(60, 2000))
    assert (answer.status, answer.note) == ("out of budget", "2,000 nodes were not enough.")
