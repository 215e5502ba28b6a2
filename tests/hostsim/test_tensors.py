"""Bugs that only the kernels of the tensor cores can have: in some order of the threads each must show."""

import numpy as np
import pytest

from engine.bits import pack
from gpu import launches
from gpu.checks.products import signs, values_of
from gpu.results import Sums
from gpu.source import TENSORS
from tests.hostsim.device import ORDERS, SimulatedDevice, SimulationFault

PLANTED = {
    "a step is read before it has arrived": ("wait_copies<STAGES - 2>", "wait_copies<STAGES - 1>"),
    "a step is overwritten while others read it": ("__syncthreads();  // all see", "// all see"),
    "no group for a step that is not there": ("committed();  // even", "if (next < steps) committed();  // even"),
    "counts are put where others still read": ("__syncthreads();\n    counts.put(ones);", "counts.put(ones);"),
    "counts are read before they are there": ("counts.put(ones);\n    __syncthreads();", "counts.put(ones);"),
    "every warp counts every step": ("if (step % COLUMN_WARPS == column_warp())", "if (true)"),
    "chunks are swapped on one side only": ("place_of_chunk(lane % 16, 2 * half", "place_of_chunk(0, 2 * half"),
    "a row beyond the last is stored": ("if (row >= rows) continue;", "if (row > rows) continue;"),
}
AND = next(module for module in TENSORS if "AND" in dict(module.defines))


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_shows(bug):
    good, bad = PLANTED[bug]
    assert good in AND.text
    assert any(fails(order, good, bad) for order in ORDERS)


def test_without_a_bug_the_same_passes():
    assert not any(fails(order, "", "") for order in ORDERS)


def fails(order, good, bad):
    """Whether the product with one piece of its source replaced is at fault, or wrong."""
    rows, columns, terms = 130, 33, 2000  # four steps, so that the last is where the counts are put
    device, rng = SimulatedDevice(order, planted=lambda text: text.replace(good, bad)), np.random.default_rng(1)
    a, w = signs(rng, rows, terms), signs(rng, columns, terms)
    there = [device.upload(pack(each)).view(np.uint32) for each in (a, w)]
    result = Sums(device.allocate((rows, columns), np.int32))
    try:
        device.run(launches.gemm(AND, *there, terms, result))
    except SimulationFault:
        return True
    return not np.array_equal(device.download(result.out), values_of(a) @ values_of(w).T)
