"""Bugs that only products in steps can have, or only tensor cores: in some order of the threads each must show."""

import numpy as np
import pytest

from engine.bits import pack
from gpu import launches
from gpu.checks.products import signs, values_of
from gpu.results import Sums
from gpu.source import GEMMS, TENSORS
from tests.hostsim.device import ORDERS, SimulatedDevice, SimulationFault

IN_STEPS = {
    "a step is read before it has arrived": ("wait_copies<AHEAD - 1>", "wait_copies<AHEAD>"),
    "a step is overwritten while others read it": ("__syncthreads();\n        const bool more", "const bool more"),
    "no group for a step that is not there": ("commit_copies();  // even", "{ if (more) commit_copies(); }  // even"),
}
ON_TENSOR_CORES = {
    "counts are put where others still read": ("__syncthreads();\n    counts.put(ones);", "counts.put(ones);"),
    "counts are read before they are there": ("counts.put(ones);\n    __syncthreads();", "counts.put(ones);"),
    "every warp counts every step": ("if (step % COLUMN_WARPS == warp / ROW_WARPS)", "if (true)"),
    "chunks are in one order on one side": ("place_of_chunk(lane % 16, 2 * half", "place_of_chunk(0, 2 * half"),
    "a row beyond the last is stored": ("if (row >= rows) continue;", "if (row > rows) continue;"),
}
COPIED = GEMMS[0]
AND = next(module for module in TENSORS if "AND" in dict(module.defines))
TRIED = [(COPIED, IN_STEPS), (AND, IN_STEPS), (AND, ON_TENSOR_CORES)]
PLANTED = [pytest.param(module, *bugs[name], id=f"{module.file} {name}") for module, bugs in TRIED for name in bugs]


@pytest.mark.parametrize(("module", "good", "bad"), PLANTED)
def test_a_planted_bug_shows(module, good, bad):
    assert good in module.text
    assert any(fails(module, order, good, bad) for order in ORDERS)


@pytest.mark.parametrize("module", [COPIED, AND], ids=str)
def test_without_a_bug_the_same_passes(module):
    assert not any(fails(module, order, "", "") for order in ORDERS)


def fails(module, order, good, bad):
    """Whether the product with one piece of its source replaced is at fault, or wrong."""
    rows, columns, terms = 130, 33, 2000  # four steps, so that the last is where the counts are put
    device, rng = SimulatedDevice(order, planted=lambda text: text.replace(good, bad)), np.random.default_rng(1)
    a, w = signs(rng, rows, terms), signs(rng, columns, terms)
    there = [device.upload(pack(each)).view(np.uint32) for each in (a, w)]
    result = Sums(device.allocate((rows, columns), np.int32))
    try:
        device.run(launches.gemm(module, *there, terms, result))
    except SimulationFault:
        return True
    return not np.array_equal(device.download(result.out), values_of(a) @ values_of(w).T)
