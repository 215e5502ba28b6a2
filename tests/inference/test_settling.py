"""Backends that must be made ready first, or that fail in the middle: what each costs, and whom."""

import pickle
import threading

import pytest

from engine.errors import BackendLost
from engine.inference import settling
from engine.inference.backend import Ready, Unavailable, UnderWay, backend, leave_out, readmit, ready, state_of
from tests.inference.fragile import NAME, WHAT


def names():
    return [one.name for one in ready("xnor")]


def test_a_backend_that_is_left_out_says_what_it_was_left_out_for(fragile):
    fragile()
    assert names()[0] == NAME
    leave_out(NAME, Unavailable("It failed.", "Mend it."))
    assert NAME not in names()
    assert state_of(backend(NAME)) == Unavailable("It failed.", "Mend it.")
    readmit(NAME)
    assert state_of(backend(NAME)) == Ready("Some GPU")


def test_settling_goes_on_beside_and_the_backend_joins_when_it_is_done(fragile):
    go = threading.Event()
    fragile(chore=go.wait)
    under_way = settling.settle(settling.begin())
    assert next(under_way) is None
    assert isinstance(state_of(backend(NAME)), UnderWay)
    assert NAME not in names()
    go.set()
    assert [one.name for one in under_way if one is not None] == [NAME]
    assert names()[0] == NAME
    assert settling.begin() == {}


def test_who_waits_is_told_why_and_nobody_where_nothing_is_to_be_done(fragile):
    fragile(chore=lambda: None)
    said = []
    settling.settle_all(said.append)
    assert said[0].startswith(f"Making {NAME} ready")
    said.clear()
    settling.settle_all(said.append)
    assert "".join(said) == ""


def test_what_goes_wrong_in_settling_costs_that_backend_only(fragile):
    def chore():
        raise RuntimeError("out of luck")

    fragile(chore=chore)
    settling.settle_all()
    assert "out of luck" in state_of(backend(NAME)).reason
    assert "numpy-xnor" in names()


def test_what_is_left_out_is_not_settled(fragile):
    fragile(chore=lambda: pytest.fail("it was left out"))
    leave_out(NAME, Unavailable("It failed.", "Mend it."))
    settling.settle_all()
    assert NAME not in names()


def test_nobody_waits_for_what_is_settled_when_all_ends(fragile):
    go = threading.Event()
    fragile(chore=go.wait)
    under_way = settling.settle(settling.begin())
    next(under_way)
    under_way.close()
    go.set()


def test_an_attempt_is_made_again_without_what_was_lost_in_it(fragile):
    fragile()
    tried = []

    def attempt():
        tried.append(names()[0])
        if tried[-1] == NAME:
            raise BackendLost(NAME, WHAT, "Check the card.")
        return "answer"

    assert settling.persist(attempt) == "answer"
    assert tried[0] == NAME
    assert len(tried) == 2
    assert state_of(backend(NAME)) == Unavailable(WHAT, "Check the card.")


def test_a_loss_crosses_a_pipe():
    error = pickle.loads(pickle.dumps(BackendLost(NAME, "It failed.", "Mend it.")))
    assert (error.backend, error.what, error.remedy) == (NAME, "It failed.", "Mend it.")
