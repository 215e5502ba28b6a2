"""A slice of the long runs: some seconds of frames, and that the verdict on them can be another."""

from dataclasses import replace

import pytest

from tests.soak.__main__ import warmed
from tests.soak.reading import Reading, verdict
from tests.soak.replay import Replay

LIMIT = 2 << 20
SLACK = 0.1
"""Growth allowed in so short a run: allocators and caches have not seen everything yet."""


def test_a_slice_holds_no_more_at_its_end(qapp):  # noqa: ARG001 - a window needs an application
    replay, readings = Replay(LIMIT), []
    try:
        replay.play(60)
        replay.look_around()
        for _ in range(10):
            replay.play(24)
            readings.append(replay.reading())
    finally:
        replay.close()
    assert readings[-1].frames == 300
    assert len(replay.session.run.history) > 5
    _, complaints = verdict(readings, LIMIT, SLACK, end=0.4)
    assert complaints == []


@pytest.fixture
def steady():
    one = Reading(frames=0, resident=10**8, history=10**6, handles=9, threads=5, timers=8, objects=1800, python=10**5)
    past = [min(10**5 * (k + 1), 10**6) for k in range(40)]
    return [replace(one, frames=10 * k, resident=10**8 + held, history=held) for k, held in enumerate(past)]


def test_what_stands_still_is_no_complaint_nor_what_the_history_grows_by_within_its_bound(steady):
    figures, complaints = verdict(steady, 10**6)
    assert complaints == []
    assert figures["grown"] == 0.0


def test_what_comes_and_goes_is_no_complaint(steady):
    restless = [replace(r, objects=r.objects + (k % 3 > 0), threads=5 - 2 * (k == 0)) for k, r in enumerate(steady)]
    assert verdict(restless, 10**6)[1] == []


@pytest.mark.parametrize("name", ["handles", "threads", "timers", "objects"])
def test_one_more_of_anything_is_told(steady, name):
    grown = [replace(r, **{name: getattr(r, name) + (k > 20)}) for k, r in enumerate(steady)]
    _, complaints = verdict(grown, 10**6)
    assert [said.split(":")[0] for said in complaints] == [name]


def test_memory_that_grows_and_a_history_beyond_its_bound_are_told(steady):
    grown = [replace(r, resident=r.resident + k * 10**5) for k, r in enumerate(steady)]
    _, complaints = verdict(grown, 10**6 - 1)
    assert len(complaints) == 2


def test_it_is_warm_once_the_history_is_full(steady):
    assert warmed(steady, 10**6)[0].frames == 80
    assert warmed(steady, 10**9)[0].frames == 40
