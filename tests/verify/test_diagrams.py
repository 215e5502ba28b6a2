"""Counts of decision diagrams, whatever order their variables are in."""

import numpy as np
import pytest

from engine.verify.answers import Budget
from engine.verify.diagrams import Diagrams, library


@pytest.mark.parametrize("pure", [False, True])
def test_at_least_and_at_most_count_as_binomials(pure):
    diagrams = Diagrams(Budget().begun(), pure=pure)
    literals = [(i, i % 2 == 0) for i in diagrams.declare(6)]
    at_least = [diagrams.count(diagrams.at_least(literals, need), 6) for need in range(-1, 8)]
    at_most = [diagrams.count(diagrams.at_most(literals, most), 6) for most in range(-1, 7)]
    assert at_least == [64, 64, 63, 57, 42, 22, 7, 1, 0]
    assert at_most == [0, 1, 7, 22, 42, 57, 63, 64]


def test_a_count_does_not_hang_on_the_order():
    diagrams = Diagrams(Budget().begun())
    numbers = diagrams.declare(12)
    rng = np.random.default_rng(0)
    node = diagrams.at_least([(i, bool(rng.random() < 0.5)) for i in numbers[::3]], 2)
    node = diagrams.all_of([node, diagrams.at_most([(i, True) for i in numbers[1::3]], 2)])
    before = diagrams.count(node, 12)
    diagrams._bdd.reorder(dict(zip((f"v{i}" for i in numbers), rng.permutation(12).tolist(), strict=True)))
    assert diagrams.count(node, 12) == before
    del node


def test_the_library_is_named():
    assert "pure Python" in library(pure=True)
