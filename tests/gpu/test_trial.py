"""Kernels tried in real children: what dies, hangs or fails there costs one module, and the next is tried."""

import json

import pytest

from engine import worker
from engine.errors import FlipscopeError
from gpu import selftest, trial
from gpu.source import PACK, PAPER, POOL
from gpu.trial import Trial
from tests.gpu import children
from tests.hostsim import build

pytestmark = pytest.mark.skipif(build.COMPILER is None, reason=build.WHY_NOT)


@pytest.fixture
def card(monkeypatch):
    """Children with a card whose modules fail in these ways."""
    monkeypatch.setattr(worker, "main", children.main)
    return lambda _answer=20.0, **fails: monkeypatch.setenv(
        children.FAILS, json.dumps({"fails": fails, "answer": _answer})
    )


@pytest.mark.parametrize(
    ("failure", "fault"),
    [
        ("crash", "exit code -9"),
        ("illegal address", "illegal memory access"),
    ],
)
def test_what_fails_is_told_and_the_next_module_gets_another_child(card, failure, fault):
    card(**{str(POOL): failure})
    with Trial() as tried:
        found = selftest.examine(tried, (POOL, PACK))
    assert fault in found.faults[str(POOL)]
    assert found.faults[str(PACK)] == ""


def test_what_hangs_is_ended(card, monkeypatch):
    monkeypatch.setattr(trial, "LIMIT", 3.0)
    card(**{str(POOL): "hang"})
    with Trial() as tried:
        assert "did not answer within 3 s" in selftest.examine(tried, (POOL,)).faults[str(POOL)]


def test_a_device_that_does_not_answer_is_told_before_the_child_is_ended(card):
    card(1.0, **{str(POOL): "hang"})
    with Trial() as tried:
        found = selftest.examine(tried, (POOL, PACK))
    assert found.faults[str(POOL)] == "The GPU did not answer for 1 s while computing."
    assert found.faults[str(PACK)] == ""


def test_no_memory_is_no_fault_of_a_module(card):
    card(**{str(PAPER): "no memory"})
    with Trial() as tried, pytest.raises(FlipscopeError, match="memory is full") as caught:
        selftest.examine(tried, (PAPER,))
    assert "Close other programs" in caught.value.remedy


def test_versions_for_a_report(card):
    card()
    with Trial() as tried:
        assert tried.versions()["nvrtc"] == "12.9"
