"""What a warp issues beside the tensor cores, against counting by hand."""

import pytest

from gpu.matrix.feed import Feed, of_tensor_cores
from gpu.matrix.listing import functions
from gpu.matrix.loops import NoSuchLoop
from gpu.source import SMALL, Module, warp_tiles
from tests.gpu.matrix.listings import listing

TWO_BY_TWO = Module("tensor.cu", SMALL)
FOUR_BY_FOUR = Module("tensor.cu", warp_tiles((128, 128), (32, 32), 2, 1))
TENSOR, COUNT = "BMMA.168256.AND.POPC R8, R8.ROW, R6.COL, R8", "POPC R1, R1"


def feed(body, module=TWO_BY_TWO):
    return of_tensor_cores(functions(listing("k", [".L_x_0:", *body, "@P0 BRA `(.L_x_0)", "EXIT"]))["k"], module)


def test_instructions_and_popcounts_of_every_step():
    assert feed([TENSOR, TENSOR, *[COUNT] * 3, "IADD3 R1, R1, R2, RZ"]) == Feed(7 / 2, 3 / 2)


def test_what_is_done_in_turns_is_counted_as_often_as_there_is_a_turn():
    body = [TENSOR, TENSOR, "@P1 BRA `(.L_x_1)", *[COUNT] * 4, ".L_x_1:", "NOP"]
    assert feed(body) == Feed((9 - 4 / 2) / 2, 2 / 2)
    assert feed(body, FOUR_BY_FOUR) == Feed((9 - 4 * 3 / 4) / 2, 1 / 2)


def test_another_branch_is_counted_whole():
    assert feed([TENSOR, "@P1 BRA `(.L_x_1)", "LDGSTS.E.64 [R1], [R2.64]", ".L_x_1:", "NOP"]).instructions == 5


def test_a_loop_without_tensor_cores_is_another():
    with pytest.raises(NoSuchLoop):
        feed([COUNT])
