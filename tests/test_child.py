"""A child spoken to in turns: answers, refusals, an end for certain."""

import traceback

import numpy as np
import psutil
import pytest

from engine import messages as m
from engine.child import Child, ChildLost
from engine.datasets import catalogue
from engine.errors import FlipscopeError


def test_answers_refusals_and_death():
    with Child("inference") as child:
        assert "numpy" in child.versions
        assert not psutil.Process(child._process.pid).net_connections("inet")  # no port is needed, no wall asks
        assert child.ask(m.ListBackends(), m.BackendList).rows
        with pytest.raises(FlipscopeError, match="absent"):
            child.ask(m.Predict(1, "absent", np.zeros((1, 1, 1), np.uint8)), m.Prediction)
        assert child.ask(m.ListBackends(), m.BackendList).rows
        assert child.alive
        with pytest.raises(ChildLost, match="did not answer"):
            child.ask(m.Resume("nothing"), m.Prediction, timeout=0.1)
        assert not child.alive
        with pytest.raises(ChildLost, match="ended with exit code"):  # a late answer is not taken for another
            child.ask(m.ListBackends(), m.BackendList)


def raised(message):
    try:
        raise RuntimeError(message)
    except RuntimeError:
        return traceback.format_exc()


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (raised("no room."), "failed: RuntimeError: no room."),
        (raised("CUDA error: an illegal address\nSearch for it.\n  More\nCompile with x"), "illegal address."),
        ("no traceback", "failed: no traceback."),
    ],
)
def test_of_what_a_helper_dies_of_the_first_line_is_told(report, told):
    with pytest.raises(ChildLost) as caught:
        Child._taken(m.Crashed("PeerProduct", report))
    assert caught.value.what.endswith(told)


def test_a_job_is_followed_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path))
    kept = catalogue.fetchable("svhn").path
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"as if it had been fetched")
    with Child("torch", "fetch") as child:
        assert list(child.follow(m.FetchData("svhn"))) == [m.DataFetched("svhn", str(kept))]
        with pytest.raises(FlipscopeError, match="Did you mean 'svhn'"):
            list(child.follow(m.FetchData("svnh")))


def test_torch_times_its_products():
    with Child("torch") as child:
        for method in ("torch", "onednn", "int8"):
            time = child.ask(m.PeerProduct(method, 1, (8, 8, 64)), m.PeerTime)
            assert time.method == method
            assert time.seconds > 0
        assert child.ask(m.PeerConv("torch", 1, 3, 4, 4, 2), m.PeerTime).seconds > 0


def test_a_peer_that_cannot_says_so():
    with Child("peers", "cublas") as child, pytest.raises(FlipscopeError, match="cublas"):
        child.ask(m.PeerProduct("cublas", 1, (1, 1, 1)), m.PeerTime)
