"""A turn: warmed up, then as many calls as a sample has room for, on the clock that suits the threads."""

import time

import pytest

from engine import turns


class Clock:
    """Time that only passes in calls."""

    def __init__(self, seconds):
        self.now, self.seconds, self.calls = 0.0, seconds, 0

    def __call__(self):
        return self.now

    def call(self):
        self.calls += 1
        self.now += self.seconds


@pytest.fixture
def timed(monkeypatch):
    def make(seconds):
        made = Clock(seconds)
        monkeypatch.setattr(turns, "WALL", made)
        return made, turns.Turns(made.call, made)

    return make


def test_short_calls_are_warmed_up_and_repeated(timed):
    clock, turn = timed(1e-4)
    assert turn() == pytest.approx(1e-4)
    once = clock.calls
    assert once == pytest.approx(60, abs=4)
    turn()
    assert clock.calls == pytest.approx(2 * once, abs=4)


def test_a_disturbance_does_not_count(timed):
    clock, turn = timed(1e-4)
    turn()
    undisturbed = clock.call

    def call():
        undisturbed()
        clock.now += 0.1 * (clock.calls == 100)

    turn._call = call
    assert turn() == pytest.approx(1e-4)
    assert clock.calls > 100


def test_long_calls_are_made_once_a_turn(timed):
    clock, turn = timed(1.0)
    assert [turn(), turn(), turn()] == [1.0, 1.0, 1.0]
    assert clock.calls == 4


def test_one_thread_is_timed_by_its_own_clock():
    assert turns.clock(2) is turns.WALL
    fine = time.get_clock_info("thread_time").resolution <= turns.COARSE
    assert turns.clock(1) is (time.thread_time if fine else turns.WALL)


def test_a_coarse_clock_is_not_used(monkeypatch):
    monkeypatch.setattr(turns, "COARSE", 0.0)
    assert turns.clock(1) is turns.WALL
