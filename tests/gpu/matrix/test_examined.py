"""What is called a fault of a compiled kernel, and what is not."""

from dataclasses import replace

import pytest

from gpu.matrix.bound import Bound
from gpu.matrix.examined import Examined
from gpu.matrix.resources import Resources
from gpu.source import GEMMS, SMALL, SQUARE, TILES, Module

SOUND = Examined(GEMMS[0], "gemm_sums", 80, Resources(128, 37_248, 0, 0), (), Bound(36.0, "alu", 38.4, 32.0), None, "")
SLOW = Bound(32.0, "alu", 38.4, 32.0)
ON_TENSOR_CORES = replace(SOUND, module=Module("tensor.cu", SQUARE), bound=None, per_mma=7.4)


@pytest.mark.parametrize(
    "sound",
    [
        SOUND,
        replace(SOUND, bound=SLOW, number=120),  # where NVIDIA's rates are not known
        replace(SOUND, bound=SLOW, module=Module("gemm.cu", TILES[-1])),  # tiles for small products
        ON_TENSOR_CORES,
        replace(ON_TENSOR_CORES, per_mma=9.5, module=Module("tensor.cu", SMALL)),
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
        (replace(ON_TENSOR_CORES, per_mma=8.5), "8.5 instructions"),
    ],
)
def test_a_fault(wrong, told):
    (fault,) = wrong.faults
    assert told in fault
