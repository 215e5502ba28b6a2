"""What the assembler reports is read, and what no launch can have is a fault."""

import pytest

from gpu.matrix.resources import Resources, resources
from gpu.source import GEMMS, PACK

REPORT = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'first' for 'sm_80'
ptxas info    : Function properties for first
ptxas         .     8 bytes stack frame, 12 bytes spill stores, 4 bytes spill loads
ptxas info    : Used 128 registers, used 1 barriers, 8 bytes cumulative stack size, 12544 bytes smem, 392 bytes cmem[0]
ptxas info    : Compile time = 2.762 ms
ptxas info    : Compiling entry function 'second' for 'sm_90'
ptxas info    : Function properties for second
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 18 registers, used 0 barriers
"""


def test_every_kernel_of_a_report():
    assert resources(REPORT) == {
        "first": Resources(registers=128, shared=12544, stack=8, spilled=12),
        "second": Resources(registers=18, shared=0, stack=0, spilled=0),
    }


@pytest.mark.parametrize(
    ("taken", "fault"),
    [
        (Resources(128, 12544, 0, 12), "12 bytes of registers are spilled"),
        (Resources(128, 12544, 16, 0), "16 lie on a stack"),
        (Resources(128, 49_153, 0, 0), "shared memory"),
    ],
)
def test_what_must_not_be(taken, fault):
    (found,) = taken.faults(GEMMS[0])
    assert fault in found


@pytest.mark.parametrize("module", [GEMMS[0], PACK], ids=str)
def test_registers_of_all_threads_of_a_block(module):
    assert list(Resources(255, 48 << 10, 0, 0).faults(module)) == []
    assert [f[:28] for f in Resources(257, 0, 0, 0).faults(module)] == ["256 threads of 257 registers"]
