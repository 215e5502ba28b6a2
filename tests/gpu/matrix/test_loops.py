"""Loops are found in listings, and a step of the hot one is counted whole, rolled up or not."""

import pytest

from gpu.matrix.listing import functions
from gpu.matrix.loops import NoSuchLoop, around, hottest, loops, usage_of_step
from tests.gpu.matrix.listings import QUAD, ROLLED, UNROLLED, listing

ONCE = {"lsu": 2 + 2, "control": 2}
"""LDG.64, STS.64, the barrier and the outer jump; the wait that never is one is not counted."""


def product(text):
    return functions(text)["product"]


def test_loops_lie_within_one_another():
    inner, outer = loops(product(ROLLED))
    assert inner.within(outer)
    assert not outer.within(inner)
    assert not inner.within(inner)
    assert hottest(product(ROLLED), "POPC") == inner
    assert around(product(ROLLED), inner) == outer
    assert (inner.count("POPC"), outer.count("POPC"), outer.count("LDS")) == (4, 4, 1)


def test_a_step_is_what_surrounds_it_once_and_its_turns():
    used = usage_of_step(product(ROLLED), "POPC", turn=4, step=8)
    turn = {"alu": 7 + 1, "xu": 4, "fma": 1, "lsu": 4, "control": 1}
    for pipe in turn:
        assert used[pipe] == ONCE.get(pipe, 0) + 2 * turn[pipe], pipe
    assert used["issue"] == 4 + 2 * (len(QUAD) + 2)


def test_a_step_that_is_unrolled_is_the_loop_itself():
    used = usage_of_step(product(UNROLLED), "POPC", turn=4, step=8)
    assert (used["xu"], used["alu"], used["control"]) == (8, 14, 1)


def test_two_steps_in_a_loop_are_halved():
    used = usage_of_step(product(UNROLLED), "POPC", turn=2, step=4)
    assert (used["xu"], used["alu"], used["control"]) == (4, 7, 0.5)


@pytest.mark.parametrize(("turn", "step"), [(3, 6), (4, 12), (8, 8)])
def test_counts_that_do_not_divide_are_another_loop(turn, step):
    text = ROLLED if turn != 4 else UNROLLED
    with pytest.raises(NoSuchLoop):
        usage_of_step(product(text), "POPC", turn, step)


def test_what_a_jump_passes_over_belongs_to_the_instruction_that_is_passed_over():
    count, copy = ["POPC R1, R1", "IADD3 R2, R2, R1, RZ"], ["LDGSTS.E.64 [R1], [R2.64]"]
    body = ["@P1 BRA `(.L_x_1)", *copy, ".L_x_1:", "@P2 BRA `(.L_x_2)", *count, ".L_x_2:", *count[:1]]
    loop = hottest(product(listing("product", [".L_x_0:", *body, "@P0 BRA `(.L_x_0)", "EXIT"])), "POPC")
    assert [each.name for each in loop.passed_over("POPC").body] == ["POPC", "IADD3"]
    assert [each.name for each in loop.passed_over("LDGSTS").body] == ["LDGSTS"]
    assert loop.passed_over("BMMA").body == ()


def test_no_loop_is_said_to_be_none():
    straight = functions(listing("k", ["POPC R1, R2", "EXIT", ".L_x_0:", "BRA `(.L_x_0)"]))["k"]
    with pytest.raises(NoSuchLoop, match="no loop with POPC"):
        hottest(straight, "POPC")
    with pytest.raises(NoSuchLoop, match="no loop around"):
        around(product(UNROLLED), hottest(product(UNROLLED), "POPC"))


def test_the_loop_with_most_of_them_is_the_hot_one():
    few = [".L_x_0:", "POPC R1, R1", "@P0 BRA `(.L_x_0)"]
    many = [".L_x_1:", "POPC R1, R1", "POPC R1, R1", "@P0 BRA `(.L_x_1)"]
    code = functions(listing("k", [*few, *many, "EXIT"]))["k"]
    assert hottest(code, "POPC").count("POPC") == 2
