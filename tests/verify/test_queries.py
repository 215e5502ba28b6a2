"""Explanations, the largest radius and the choice of an engine, against their definitions."""

import numpy as np
from hypothesis import given, settings

from engine.verify.answers import Answer, Budget
from engine.verify.queries import Verifier, holds
from engine.verify.region import Region
from tests.verify.builders import brute_force, classes_of, network, networks


def forces(net, centre, kept):
    """Whether the values of these bits alone force the class, by trying all others."""
    free = np.setdiff1d(np.arange(len(centre)), kept)
    counts = brute_force(net, Region.cube(centre, free))
    return counts[int(classes_of(net, centre[np.newaxis])[0])] == sum(counts)


@settings(deadline=None, max_examples=30)
@given(networks(7))
def test_a_forcing_set_forces_and_needs_each_of_its_bits(net):
    centre = np.random.default_rng(0).random(net.metadata.inputs) < 0.5
    *_, kept = Verifier(net).forcing(centre)
    assert forces(net, centre, kept)
    for bit in kept:
        assert not forces(net, centre, np.setdiff1d(kept, [bit]))


@settings(deadline=None, max_examples=30)
@given(networks(7))
def test_essential_bits_are_those_without_which_nothing_forces(net):
    centre = np.random.default_rng(1).random(net.metadata.inputs) < 0.5
    places = np.arange(len(centre))
    wanted = [bit for bit in places if not forces(net, centre, np.setdiff1d(places, [bit]))]
    assert Verifier(net).essential(centre).tolist() == wanted


def test_the_largest_radius_is_where_the_first_failure_is_not():
    net, rng = network(np.random.default_rng(2), [9, 5, 3]), np.random.default_rng(3)
    for _ in range(5):
        centre = rng.random(9) < 0.5
        answers = list(Verifier(net).largest_radius(centre, 9))
        radius = len(answers) - (answers[-1].status != "proved")
        label = answers[0].label
        assert brute_force(net, Region.ball(centre, radius))[label] == Region.ball(centre, radius).size
        assert radius == 9 or brute_force(net, Region.ball(centre, radius + 1))[label] < answers[-1].size


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
    answers = [Verifier(net, Budget()).answer(region, engine) for engine in ("auto", "enumerate", "bdd", "sat")]
    assert len({answer.status for answer in answers}) == 1
    assert [answer.engine for answer in answers] == ["enumerate", "enumerate", "bdd", "sat"]
