"""Kinds of failure: in which direction, stuck at what, and what cannot be."""

import numpy as np
import pytest

from engine.errors import BadInput, UnknownName
from engine.faults.cells import KINDS, Failures
from engine.streams import stream

CELLS = 200_000
HELD = np.random.default_rng(0).random(CELLS) < 0.3


def drawn(failures, rate, seed=0):
    """Of a memory that holds 1 in three cells of ten: how often a 0 and a 1 read wrong."""
    wrong = failures.draw(stream("test", seed), CELLS, rate, lambda cells: HELD[cells])
    assert np.all(np.diff(wrong) > 0)
    return (~HELD[wrong]).sum() / (~HELD).sum(), HELD[wrong].sum() / HELD.sum()


def near(found, expected, count):
    return abs(found - expected) < 5 * np.sqrt(expected * (1 - expected) / count) + 1e-12


@pytest.mark.parametrize(
    ("failures", "rate", "up", "down"),
    [
        (Failures(), 0.01, 0.01, 0.01),
        (Failures("read", 1.0, 0.0), 0.02, 0.02, 0.0),
        (Failures("write", 0.5, 2.0), 0.02, 0.01, 0.04),
        (Failures("stuck"), 0.1, 0.05, 0.05),
        (Failures("stuck", 3.0, 1.0), 0.2, 0.15, 0.05),
        (Failures("stuck", 0.0, 1.0), 0.2, 0.0, 0.2),
    ],
)
def test_a_stored_0_and_a_stored_1_fail_as_often_as_asked(failures, rate, up, down):
    found_up, found_down = drawn(failures, rate)
    assert near(found_up, up, (~HELD).sum())
    assert near(found_down, down, HELD.sum())


def test_the_same_stream_gives_the_same_cells_and_another_gives_others():
    failures = Failures("write", 1.0, 0.5)
    assert drawn(failures, 0.01, 1) == drawn(failures, 0.01, 1)
    assert drawn(failures, 0.01, 1) != drawn(failures, 0.01, 2)


@pytest.mark.parametrize("shares", [(0.0, 0.0), (-1.0, 1.0), (np.nan, 1.0), (np.inf, 1.0)])
def test_shares_that_mean_nothing_are_refused(shares):
    with pytest.raises(BadInput, match="shares"):
        Failures("write", *shares)


def test_an_unknown_kind_names_those_that_there_are():
    with pytest.raises(UnknownName, match="stuck"):
        Failures("stick")
    assert all(KINDS.values())


@pytest.mark.parametrize(
    "failures", [Failures(), Failures("stuck"), Failures("read", 1.0, 0.0), Failures("write", 2.0, 1.0)]
)
def test_the_share_of_bits_that_read_wrong_where_half_are_1(failures):
    half = np.arange(CELLS) % 2 == 0
    wrong = failures.draw(stream("test", 0), CELLS, 0.1, lambda cells: half[cells])
    assert near(wrong.size / CELLS, 0.1 * failures.wrong, CELLS)
