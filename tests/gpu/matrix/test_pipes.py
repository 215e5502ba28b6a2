"""Instructions take the pipe that NVIDIA says, as often as they are wide; what is not known is refused."""

import pytest

from gpu.matrix.listing import Instruction
from gpu.matrix.pipes import UnknownInstruction, pipe_of, slots, usage

KNOWN = [
    ("LOP3.LUT R8, R9, R10, R11, 0x96, !PT", "alu", 1),
    ("IADD3 R1, R2, R3, RZ", "alu", 1),
    ("IADD.64 R2, R4, R6", "alu", 2),
    ("IMAD.IADD R1, R2, 0x1, R3", "fma", 1),
    ("IMAD.WIDE R2, R4, 0x4, R6", "fma", 2),
    ("POPC R1, R2", "xu", 1),
    ("LDS.128 R4, [R1]", "lsu", 4),
    ("LDSM.16.M88.4 R4, [R1]", "lsu", 4),
    ("LDGSTS.E.64 [R1], [R2.64]", "lsu", 2),
    ("STG.E [R2.64], R5", "lsu", 1),
    ("UIADD3 UR4, UR4, 0x1, URZ", "uniform", 1),
    ("BMMA.168256.XOR.POPC R8, R8.ROW, R6.COL, RZ", "tensor", 1),
    ("BRA `(.L_x_0)", "control", 1),
]


def instruction(text, never=False):
    return Instruction(0, text, never=never)


@pytest.mark.parametrize(("text", "pipe", "times"), KNOWN)
def test_pipe_and_width(text, pipe, times):
    assert (pipe_of(instruction(text)), slots(instruction(text))) == (pipe, times)


def test_an_instruction_that_is_not_known_is_no_guess():
    with pytest.raises(UnknownInstruction, match="WHATEVER"):
        usage([instruction("WHATEVER.X R1, R2")])


def test_what_never_runs_takes_nothing():
    assert not usage([instruction("LDS RZ, [RZ]", never=True)])
