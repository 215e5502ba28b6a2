"""Threads wait for each other, also where they are more than cores."""

import threading

import numpy as np
import pytest

from engine.jit.layout import aligned
from engine.jit.record import filled
from engine.jit.training import kernels, program
from engine.training.native.together import _give_way


@pytest.mark.parametrize("count", [1, 2, 5])
def test_all_come_before_anybody_goes_on(shape, count):  # noqa: ARG001 - the variant is held
    arrived = aligned((8,), np.int64)
    record = filled(
        program.BARRIER, kernel=kernels.address("barrier"), arrived=arrived.ctypes.data, count=count,
        give_way=_give_way(),
    )  # fmt: skip
    run, came, seen = kernels.run(), [], []

    def work():
        for turn in range(20):
            came.append(turn)
            run(record.ctypes.data, 1)
            seen.append((turn, came.count(turn)))
            run(record.ctypes.data, 1)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(seen) == 20 * count
    assert all(there == count for _, there in seen)
    assert arrived[0] == 40 * count
