"""A turn: warmed up, then as many calls as a sample has room for, on the clock that suits the threads."""

import time
import weakref

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


class Queue:
    """A device that works off what it is asked for, which takes the host `asking` seconds each time.

    `cold` launches take ten times as long.
    """

    def __init__(self, seconds, cold=0, asking=0.0):
        self.seconds_of_one, self.cold, self.asking = seconds, cold, asking
        self.now, self.launches, self.marks = 0.0, 0, []

    def begin(self):
        self.now += max(self.asking, self.launch())

    def launch(self):
        self.launches += 1
        return self.seconds_of_one * (10 if self.launches <= self.cold else 1)

    def recorded(self, begin, times):
        assert begin == self.begin

        def start():
            self.now += max(self.asking, sum(self.launch() for _ in range(times)))

        return start

    def mark(self):
        self.marks.append(self.now)
        return len(self.marks) - 1

    def seconds(self, first, last):
        return self.marks[last] - self.marks[first]

    def samples(self):
        """Seconds of each pair of marks."""
        return [last - first for first, last in zip(self.marks[::2], self.marks[1::2], strict=True)]


@pytest.mark.parametrize("seconds", [1e-6, 3e-4, 5e-3, 0.7])
def test_a_device_is_warmed_up_and_sampled_by_its_own_clock(seconds):
    queue = Queue(seconds)
    turn = turns.DeviceTurns(queue.begin, queue)
    assert turn() == pytest.approx(seconds)
    counted = queue.samples()[-(turns.DEVICE_SAMPLES if seconds < turns.LONG else turns.DEVICE_FEW) :]
    warming = sum(queue.samples()) - sum(counted)
    assert warming >= turns.DEVICE_WARM - 1e-9
    assert warming <= max(2 * turns.DEVICE_WARM, 2 * seconds) + 2 * turns.DEVICE_SAMPLE
    assert all(sample >= turns.DEVICE_SAMPLE - 1e-9 for sample in counted)
    before = queue.now
    assert turn() == pytest.approx(seconds)
    assert queue.now - before <= turns.DEVICE_AGAIN + sum(counted) + 3 * seconds


@pytest.mark.parametrize("seconds", [1e-6, 4e-6])
def test_what_the_host_takes_to_ask_for_short_work_does_not_count(seconds):
    queue = Queue(seconds, asking=12e-6)
    turn = turns.DeviceTurns(queue.begin, queue)
    assert [turn(), turn()] == pytest.approx([seconds, seconds])


def test_what_is_recorded_keeps_the_memory_that_it_works_on():
    class Work:
        """Holds the memory."""

        def begin(self):
            queue.begin()

    queue, work = Queue(1e-6), Work()
    queue.recorded = lambda _, times: lambda: [queue.launch() for _ in range(times)]
    turn, alive = turns.DeviceTurns(work.begin, queue), weakref.ref(work)
    del work
    turn()
    assert alive() is not None


def test_long_work_is_not_recorded():
    queue = Queue(turns.SHORT)
    queue.recorded = None
    assert turns.DeviceTurns(queue.begin, queue)() == pytest.approx(turns.SHORT)


def test_launches_on_a_cold_device_do_not_count():
    queue = Queue(1e-4, cold=150)
    assert turns.DeviceTurns(queue.begin, queue)() == pytest.approx(1e-4)
