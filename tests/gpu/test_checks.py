"""The self-test itself, on the simulation: it passes what is right, and finds what is planted."""

import pytest

from engine.errors import BackendLost
from gpu import checks, selftest
from gpu.checks.sizes import DEPTHS, RAGGED, SMALL
from gpu.source import FEW, GEMMS, PACK, PLANES, POOL
from gpu.verdict import runnable
from tests.gpu.card import GPU, Card, TrialHere, plant
from tests.hostsim import build

pytestmark = pytest.mark.skipif(build.COMPILER is None, reason=build.WHY_NOT)

PLAIN = next(module for module in GEMMS if module.file == "gemm.cu" and "CARRY_SAVE" not in dict(module.defines))
CARRY = [module for module in GEMMS if dict(module.defines).get("CARRY_SAVE")]


def test_every_depth_at_which_words_and_warps_end_is_checked_with_odd_sides():
    assert DEPTHS == (1, 31, 32, 33, 255, 256, 257, 784, 1000)
    for rows, columns, depths in ((131, 197, RAGGED.products), (5, 67, RAGGED.few)):
        assert {depth for r, c, depth in depths if (r, c) == (rows, columns)} >= set(DEPTHS)
        assert rows % 2 == columns % 2 == 1


@pytest.mark.parametrize("module", [PLAIN, FEW[1], PLANES, PACK, POOL], ids=str)
def test_the_whole_self_test_passes_what_is_right(module):
    assert checks.fault(Card(), module) == ""


@pytest.mark.parametrize(
    ("module", "old", "new", "kernel"),
    [
        (PLAIN, "terms - 2 *", "terms - 1 *", "gemm_sums"),
        (PACK, ">= 0.0f", "> 0.0f", "pack_floats"),
        (POOL, "reached |=", "reached =", "pool_bits"),
        (POOL, "out[at] = largest", "out[at + 1] = largest", "pool_sums"),
    ],
)
def test_a_planted_bug_is_found_and_told_with_its_kernel_and_sizes(module, old, new, kernel):
    said = checks.fault(Card(planted=plant((module,), old, new)), module, SMALL)
    assert said.startswith(f"{kernel}: ")
    assert "with (" in said or "beyond" in said


class OneTooMuch(Card):
    """Writes one byte beyond the result, far from where the simulation looks."""

    def download(self, array, into=None):
        whole = array.owner.inside
        whole[-checks.guard.MARGIN] ^= 1
        return super().download(array, into)


def test_a_touched_canary_is_told():
    assert "writes beyond the end of an array" in checks.fault(OneTooMuch(), POOL, SMALL)


def test_a_device_that_fails_as_a_whole_is_no_fault_of_the_module():
    with pytest.raises(BackendLost):
        checks.fault(Card({str(POOL): "gone"}), POOL, SMALL)


def test_a_broken_kernel_in_the_simulation_falls_back_to_the_next_kind():
    """From the planted bug through the very checks of a card to the module that a program runs."""
    trial = TrialHere(
        Card(planted=plant(CARRY, "terms - 2 *", "terms + 2 *")), lambda card, module: checks.fault(card, module, SMALL)
    )
    products = [module for module in GEMMS if module in runnable(GPU.capability)]
    found = selftest.examine(trial, products[-3:])
    assert {str(module) for module in products[-3:] if not found.passed(module)} == {
        str(module) for module in products[-3:] if module in CARRY
    }
    assert found.passed(PLAIN)
    assert "gemm_sums" in found.note()
