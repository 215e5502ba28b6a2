"""A child spoken to in turns: answers, refusals, an end for certain."""

import numpy as np
import pytest

from engine import messages as m
from engine.child import Child, ChildLost
from engine.errors import FlipscopeError


def test_answers_refusals_and_death():
    with Child("inference") as child:
        assert "numpy" in child.versions
        assert child.ask(m.ListBackends(), m.BackendList).rows
        with pytest.raises(FlipscopeError, match="absent"):
            child.ask(m.Predict(1, "absent", np.zeros((1, 1, 1), np.uint8)), m.Prediction)
        assert child.ask(m.ListBackends(), m.BackendList).rows
        with pytest.raises(ChildLost, match="did not answer"):
            child.ask(m.Resume("nothing"), m.Prediction, timeout=0.1)
        child._process.kill()
        with pytest.raises(ChildLost, match="ended"):
            child.ask(m.ListBackends(), m.BackendList)


def test_torch_times_its_products():
    with Child("torch") as child:
        for method in ("torch", "onednn"):
            times = child.ask(m.PeerProduct((8, 8, 64), 3, 1, method), m.PeerTimes)
            assert (len(times.seconds), times.method) == (3, method)
        times = child.ask(m.PeerNetwork((20, 9, 3), 2, 4, 1), m.PeerTimes)
        assert len(times.seconds) == 4
