"""What is called a fault of a compiled kernel, and what is not."""

from dataclasses import replace

import pytest

from gpu.matrix.bound import Bound
from gpu.matrix.examined import Examined
from gpu.matrix.feed import Feed
from gpu.matrix.resources import Resources
from gpu.source import GEMMS, SMALL, SQUARE, TENSOR_CONVS, TILES, Module

SOUND = Examined(GEMMS[0], "gemm_sums", 80, Resources(128, 37_248, 0, 0), (), Bound(36.0, "alu", 38.4, 32.0), None, "")
SLOW = Bound(32.0, "alu", 38.4, 32.0)
ON_TENSOR_CORES = replace(SOUND, module=Module("tensor.cu", SQUARE), bound=None, feed=Feed(7.4, 1.0))


@pytest.mark.parametrize(
    "sound",
    [
        SOUND,
        replace(SOUND, bound=SLOW, number=100),  # where NVIDIA's rates are not known
        replace(SOUND, bound=SLOW, module=Module("gemm.cu", TILES[-1])),  # tiles for small products
        ON_TENSOR_CORES,
        replace(ON_TENSOR_CORES, module=TENSOR_CONVS[2], feed=Feed(11.5, 1.0)),  # addresses of windows
    ],
)
def test_no_fault(sound):
    assert sound.faults == ()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (replace(SOUND, bound=SLOW), "83% of the ideal one's speed, limited by alu"),
        (replace(SOUND, emulated=("$__internal_0_$x",)), "emulated by $__internal_0_$x"),
        (replace(SOUND, unread="no loop with POPC"), "cannot be read: no loop with POPC"),
        (replace(ON_TENSOR_CORES, feed=Feed(8.5, 1.0)), "8.5 instructions"),
        (replace(ON_TENSOR_CORES, feed=Feed(8.5, 1.0), module=Module("tensor.cu", SMALL)), "8.5 instructions"),
        (replace(ON_TENSOR_CORES, feed=Feed(12.5, 1.0), module=TENSOR_CONVS[2]), "12.5 instructions"),
        (replace(ON_TENSOR_CORES, feed=Feed(7.4, 1.5)), "1.50 popcounts"),
    ],
)
def test_a_fault(wrong, told):
    (fault,) = wrong.faults
    assert told in fault
