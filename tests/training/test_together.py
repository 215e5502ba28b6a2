"""Lists of kernels side by side: all are called, on as many threads, and nobody is through before all are."""

import ctypes
from queue import SimpleQueue
from threading import get_ident

import numpy as np
import pytest

from engine.jit.record import SLOTS
from engine.jit.target import VARIANTS, runnable
from engine.jit.training.shape import shape_for
from engine.training.native.together import Meeting, Together

pytestmark = pytest.mark.skipif(
    not any(runnable(variant) and shape_for(variant) for variant in VARIANTS), reason="no AVX2 here"
)


@pytest.fixture
def told():
    return SimpleQueue()


@pytest.fixture
def record(told):
    """Makes the record of a kernel that tells its number and its thread."""

    @ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_int64))
    def kernel(record):
        told.put((record[1], get_ident()))

    def make(number):
        made = np.zeros(SLOTS, np.int64)
        made[:2] = ctypes.cast(kernel, ctypes.c_void_p).value, number
        return made

    return make


def all_of(queue):
    return [queue.get_nowait() for _ in range(queue.qsize())]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_call_is_made_in_order_before_it_comes_back(told, record, workers):
    together = Together([[record(10 * worker + i) for i in range(3)] for worker in range(workers)])
    for _ in range(20):
        together()
        made = all_of(told)
        assert len(made) == 3 * workers
        for worker in range(workers):
            own = [(number, thread) for number, thread in made if number // 10 == worker]
            assert [number for number, _ in own] == [10 * worker + i for i in range(3)]
            assert len({thread for _, thread in own}) == 1
        assert len({thread for _, thread in made}) == workers
        assert {thread for number, thread in made if number < 10} == {get_ident()}


def test_threads_wait_for_each_other_within_their_lists(told, record):
    meeting = Meeting(2)
    lists = [[record(0), *meeting.records(), record(1), *meeting.records()] for _ in range(2)]
    for together in (Together(lists, meeting), Together(lists, meeting)):  # one behind the other at the same meeting
        for _ in range(20):
            together()
            assert [number for number, _ in all_of(told)] == [0, 0, 1, 1]


def test_one_alone_waits_for_nobody():
    assert Meeting(1).records() == []
