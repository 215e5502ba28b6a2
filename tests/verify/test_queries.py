"""Explanations, the largest radius and the choice of an engine, against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.inference.backend import backend
from engine.verify import bdd
from engine.verify.answers import Answer, Budget, OutOfBudget
from engine.verify.constraints import constraints
from engine.verify.forcing import tried_first
from engine.verify.queries import Choice, Verifier, holds
from engine.verify.region import Region
from tests.verify.builders import Clock, brute_force, classes_of, network, networks, regions


def forces(net, region, kept):
    """Whether the values of these bits alone force the class in a region, by trying all others."""
    free = np.setdiff1d(region.free, kept)
    counts = brute_force(net, Region(region.centre, free, min(region.radius, len(free))))
    return counts[int(classes_of(net, region.centre[np.newaxis])[0])] == sum(counts)


def forcing(net, region, engine):
    with Verifier(net) as verifier:
        sets = [found for found in verifier.forcing(region, engine) if not isinstance(found, float)]
    sizes = [np.count_nonzero(found) for found in sets]
    assert sizes == sorted(sizes, reverse=True)
    assert all(forces(net, region, np.flatnonzero(found)) for found in sets)
    return np.flatnonzero(sets[-1]) if sets else region.free


@st.composite
def places(draw):
    net = draw(networks(7))
    return net, Region(*draw(regions(net.metadata.inputs)))


@settings(deadline=None, max_examples=40)
@given(places(), st.sampled_from(["enumerate", "sat"]))
def test_a_forcing_set_forces_and_needs_each_of_its_bits(place, engine):
    net, region = place
    kept = forcing(net, region, engine)
    assert set(kept) <= set(region.free)
    for bit in kept:
        assert not forces(net, region, np.setdiff1d(kept, [bit]))


@settings(deadline=None, max_examples=40)
@given(places())
def test_diagrams_find_the_forcing_set_of_enumeration(place):
    net, region = place
    label = int(classes_of(net, region.centre[np.newaxis])[0])
    free = tried_first(backend("naive").load(net), region)
    for pure in (True, False):
        *_, kept = [region.free, *bdd.forcing(constraints(net), region, label, free, Budget(), bdd.Options(pure=pure))]
        kept = np.flatnonzero(kept) if kept is not region.free else kept
        assert kept.tolist() == forcing(net, region, "enumerate").tolist()


def test_a_forcing_set_that_is_not_done_in_time_forces_all_the_same():
    net = network(np.random.default_rng(3), [12, 9, 7, 3])
    region, found = Region.ball(np.random.default_rng(4).random(12) < 0.5, 12), []
    with Verifier(net, Budget(9, clock=Clock())) as verifier, pytest.raises(OutOfBudget, match="9 s were not enough"):
        found.extend(verifier.forcing(region, "sat"))
    assert 0 < len(found) < 12
    assert all(forces(net, region, np.flatnonzero(kept)) for kept in found)


@settings(deadline=None, max_examples=30)
@given(places())
def test_essential_bits_are_those_without_which_nothing_forces(place):
    net, region = place
    wanted = [bit for bit in region.free if not forces(net, region, np.setdiff1d(region.free, [bit]))]
    with Verifier(net) as verifier:
        assert verifier.essential(region).tolist() == wanted


def test_the_largest_radius_is_where_the_first_failure_is_not():
    net, rng = network(np.random.default_rng(2), [9, 5, 3]), np.random.default_rng(3)
    for _ in range(5):
        centre = rng.random(9) < 0.5
        answers = list(Verifier(net).largest_radius(centre, 9))
        radius = len(answers) - (answers[-1].status != "proved")
        label = answers[0].label
        assert brute_force(net, Region.ball(centre, radius))[label] == Region.ball(centre, radius).size
        assert radius == 9 or brute_force(net, Region.ball(centre, radius + 1))[label] < answers[-1].size


def test_what_sat_refutes_is_counted_where_some_may_fail(monkeypatch):
    net, centre = network(np.random.default_rng(2), [9, 5, 3]), np.zeros(9, np.bool_)
    monkeypatch.setattr(Verifier, "choose", lambda *_: Choice("sat", "to see what becomes of it"))
    answers = list(Verifier(net).largest_radius(centre, 9, tolerance=0.75))
    label = answers[0].label
    shares = [1 - brute_force(net, ball)[label] / ball.size for ball in (Region.ball(centre, r) for r in range(1, 10))]
    first = next((index for index, share in enumerate(shares) if share > 0.75), 8)
    assert 0 < shares[0] <= 0.75
    assert len(answers) == first + 1
    assert [holds(answer, 0.75) for answer in answers] == [share <= 0.75 for share in shares[: first + 1]]


def test_a_tolerance_lets_some_fail():
    answer = Answer("bdd", "refuted", 0, 100, counts=(97, 3))
    assert holds(answer, 0.03)
    assert not holds(answer, 0.02)
    assert not holds(Answer("sat", "out of budget", 0, 100), 1.0)


def test_the_engine_is_chosen_by_what_it_can_do():
    rng = np.random.default_rng(0)
    small, wide = network(rng, [100, 8, 3]), network(rng, [784, 4, 3])
    odd = network(rng, [100, 8, 3], common=False)
    for net, radius, engine in ((small, 2, "enumerate"), (small, 4, "sat"), (wide, 3, "sat"), (odd, 9, "enumerate")):
        choice = Verifier(net).choose(Region.ball(np.zeros(net.metadata.inputs, np.bool_), radius))
        assert choice.engine == engine
        assert choice.why


def test_every_engine_can_be_asked_for():
    net = network(np.random.default_rng(4), [8, 5, 3])
    region = Region.ball(np.zeros(8, np.bool_), 2)
    with Verifier(net, Budget()) as verifier:
        answers = [verifier.answer(region, engine) for engine in ("auto", "enumerate", "bdd", "sat")]
        assert forcing(net, region, "bdd").tolist() == forcing(net, region, "enumerate").tolist()
    assert len({answer.status for answer in answers}) == 1
    assert [answer.engine for answer in answers] == ["enumerate", "enumerate", "bdd", "sat"]
