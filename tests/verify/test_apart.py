"""Diagrams in a process of their own: they answer as they do here, and end in time in the middle of an operation."""

import time

import numpy as np
import pytest

from engine.verify import bdd
from engine.verify.answers import Budget, OutOfBudget
from engine.verify.apart import Apart
from engine.verify.constraints import constraints
from engine.verify.region import Region
from engine.verify.service import Question
from tests.verify.builders import brute_force, network


def question(net, radius, budget, free=None, options=bdd.DEFAULT):
    centre = np.random.default_rng(0).random(net.metadata.inputs) < 0.5
    network = constraints(net)
    return Question(network, Region.ball(centre, radius), network.label(centre), budget, options, free)


def test_time_ends_an_operation_and_the_next_question_is_answered():
    large, small = network(np.random.default_rng(0), [100, 60, 10]), network(np.random.default_rng(1), [9, 5, 3])
    with Apart() as apart:
        asked = question(small, 3, Budget(60))
        assert apart.count(asked).counts == brute_force(small, asked.region)
        began = time.monotonic()
        answer = apart.count(question(large, 30, Budget(1.0, 10**8)))
        assert (answer.status, answer.counts, answer.note) == ("out of budget", None, "1 s were not enough.")
        assert time.monotonic() - began < 30
        with pytest.raises(OutOfBudget, match=r"0\.1 s were not enough"):
            list(apart.forcing(question(large, 30, Budget(0.1, 10**8), np.arange(100))))
        assert apart.count(asked).counts == brute_force(small, asked.region)


def test_a_full_manager_is_told_across():
    large = network(np.random.default_rng(0), [64, 40, 10])
    with Apart() as apart:
        answer = apart.count(question(large, 20, Budget(60, 5000)))
        assert (answer.status, answer.note) == ("out of budget", "5,000 nodes were not enough.")
        with pytest.raises(OutOfBudget, match="5,000 nodes"):
            list(apart.forcing(question(large, 20, Budget(60, 5000), np.arange(64))))
