"""Threads: how many are worth their wait, what is shared out among them, what a helper is given to do."""

from queue import SimpleQueue
from threading import current_thread

import pytest

from engine import threads


@pytest.mark.parametrize(
    ("most", "work", "expected"),
    [(1, 1000, 1), (2, 0, 1), (2, 19, 1), (2, 20, 2), (2, 1000, 2), (8, 1000, 3), (8, 25, 2)],
)
def test_small_work_is_not_shared(monkeypatch, most, work, expected):
    monkeypatch.setattr(threads, "cores", lambda: 3)
    assert threads.worthwhile(most, work, 10) == expected


def test_there_is_a_core():
    assert threads.cores() >= 1


@pytest.mark.parametrize(("workers", "count"), [(1, 5), (2, 5), (3, 3), (3, 1)])
def test_what_is_shared_is_done_once(workers, count):
    done = SimpleQueue()
    threads.shared(workers, count, lambda part: [done.put(i) for i in range(count)[part]])
    assert sorted(done.get_nowait() for _ in range(done.qsize())) == list(range(count))


def test_a_helper_does_one_thing_after_the_other_on_its_own_thread():
    told = SimpleQueue()
    for number in (1, 2, 1):
        threads.aside(number, lambda: told.put(current_thread().name))
    names = sorted(told.get(timeout=30) for _ in range(3))
    assert names == ["helper 1", "helper 1", "helper 2"]
