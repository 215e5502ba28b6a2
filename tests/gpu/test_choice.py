"""Which kernel makes a product: one that can, of the kind that fits."""

import numpy as np
import pytest

from gpu.choice import Work, able, in_tiles, usual
from gpu.source import CONVS, FEW, GEMMS, PIXELS, PLANES, TENSOR_CONVS, TENSOR_PIXELS, TENSORS


class Card:
    def __init__(self, capability=(8, 6), processors=84):
        self.capability, self.processors = capability, processors


def test_tensor_cores_where_the_architecture_has_them():
    for kind, tensor, other in (("gemm", TENSORS, GEMMS), ("conv", TENSOR_CONVS, CONVS)):
        big = Work(kind, 8192, 8192, 256)
        for capability in ((7, 5), (8, 0), (8, 6), (8, 9), (9, 0)):
            assert usual(big, Card(capability)) in tensor
        for capability in ((10, 0), (12, 0)):
            assert usual(big, Card(capability)) in other
            assert not set(tensor) & set(able(big, capability))


def test_few_rows_read_each_weight_once():
    for rows in range(1, 9):
        module = usual(Work("gemm", rows, 4096, 128), Card())
        assert module in FEW
        assert rows <= module["ROWS"] < 2 * rows
    assert usual(Work("pixels", 1, 4096, 26), Card()) is PLANES
    assert in_tiles(usual(Work("gemm", 9, 4096, 128), Card()))


def test_few_row_kernels_are_no_candidates_for_many_rows():
    assert all(in_tiles(module) for module in able(Work("gemm", 65, 64, 32), (8, 6)))
    assert set(FEW) < set(able(Work("gemm", 64, 64, 32), (8, 6)))


@pytest.mark.parametrize(
    ("kind", "modules"),
    [
        ("conv", (*TENSOR_CONVS, *CONVS)),
        ("pixels", (*TENSOR_PIXELS, *PIXELS)),
        ("pixel_conv", PIXELS),
    ],
)
def test_large_products_take_large_tiles_and_small_ones_small(kind, modules):
    card = Card()
    large, small = usual(Work(kind, 10**6, 512, 72), card), usual(Work(kind, 100, 64, 72), card)
    assert {large, small} < set(modules)
    assert large["BM"] * large["BN"] > small["BM"] * small["BN"]


def test_every_choice_is_one_that_is_able():
    rng = np.random.default_rng(0)
    for _ in range(200):
        kind = rng.choice(["gemm", "conv", "pixels", "pixel_conv"])
        work = Work(str(kind), *(int(2**x) for x in rng.uniform(0, 20, 2)), 8)
        for capability in ((7, 5), (8, 6), (9, 0), (12, 0)):
            card = Card(capability, int(rng.integers(1, 200)))
            assert usual(work, card) in able(work, capability)
