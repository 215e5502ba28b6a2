"""The bound of the carry-save loop, against counting by hand."""

import pytest

from gpu.matrix.bound import of_product
from gpu.matrix.listing import functions
from gpu.matrix.loops import NoSuchLoop
from gpu.rates import ARCHITECTURES
from gpu.source import Module
from tests.gpu.matrix.listings import listing

TILE = Module("gemm.cu", (("BM", 8), ("BN", 32), ("DEPTH", 4), ("THREADS", 32), ("CARRY_SAVE", 1)))
"""One warp of 8 rows by one column a lane, two of the rows with a second level: 14 popcounts for 8 x 4 words."""
LOGIC, POPCOUNTS = 6 * 8 + 2 * 2, 2 * 6 + 2


def loop(logic=LOGIC, popcounts=POPCOUNTS):
    body = [*["LOP3.LUT R1, R2, R3, R4, 0x96, !PT"] * logic, *["POPC R1, R1"] * popcounts]
    return functions(listing("k", [".L_x_0:", *body, "@P0 BRA `(.L_x_0)", "EXIT"]))["k"]


def test_the_bound_of_a_loop_of_nothing_but_the_count():
    bound = of_product(loop(), TILE, ARCHITECTURES[80])
    assert bound.reached == pytest.approx(32 / (POPCOUNTS / 16))
    assert bound.pipe == "xu"
    assert bound.ideal == pytest.approx(38.4)
    assert bound.textbook == pytest.approx(32)
    assert bound.fraction == pytest.approx((5 / 3 / 64) / (14 / 32 / 16))


def test_more_logic_is_a_smaller_fraction():
    bound = of_product(loop(logic=100), TILE, ARCHITECTURES[80])
    assert (bound.pipe, bound.reached) == ("alu", pytest.approx(32 / (100 / 64)))


@pytest.mark.parametrize("popcounts", [POPCOUNTS - 1, POPCOUNTS + 1, 32])
def test_another_number_of_popcounts_is_another_loop(popcounts):
    with pytest.raises(NoSuchLoop):
        of_product(loop(popcounts=popcounts), TILE, ARCHITECTURES[80])
