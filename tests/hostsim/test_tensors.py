"""Products on tensor cores: every variant in every order against the oracle, and bugs of their own that must show."""

import numpy as np
import pytest

from engine.inference.backend import backend
from gpu import launches
from gpu.launches import Sums
from gpu.source import TENSORS
from tests.hostsim.device import ORDERS, SimulatedDevice, SimulationFault
from tests.hostsim.test_products import outcomes, signs

RAGGED = [(1, 1, 1), (66, 35, 513), (3, 130, 3000)]
"""Of 64, 1,024 and 3,008 bits: fewer steps than are in flight, and more."""


@pytest.mark.parametrize("module", TENSORS, ids=str)
@pytest.mark.parametrize(("rows", "columns", "terms"), RAGGED)
def test_product_and_what_is_made_of_it(device, module, rows, columns, terms):
    rng = np.random.default_rng(rows * columns)
    a, w = signs(rng, rows, terms), signs(rng, columns, terms)
    sums = backend("naive").matmul(a, w, terms)
    there = [device.upload(words).view(np.uint32) for words in (a, w)]
    for result, expected in outcomes(rng, device, rows, columns):
        device.run(launches.gemm(module, *there, terms, result))
        np.testing.assert_array_equal(device.download(result.out), expected(sums))


PLANTED = {
    "a step is read before it has arrived": ("wait_copies<STAGES - 2>", "wait_copies<STAGES - 1>"),
    "a step is overwritten while others read it": ("__syncthreads();  // all see", "// all see"),
    "no group for a step that is not there": ("committed();  // even", "if (next < steps) committed();  // even"),
    "counts are read before they are there": ("counts.put(ones);\n    __syncthreads();", "counts.put(ones);"),
    "counts are put where others still read": ("__syncthreads();\n    counts.put(ones);", "counts.put(ones);"),
    "every warp counts every step": ("if (step % COLUMN_WARPS == column_warp())", "if (true)"),
    "chunks are swapped on one side only": ("place_of_chunk(lane % 16, 2 * half", "place_of_chunk(0, 2 * half"),
    "a row beyond the last is stored": ("if (row >= rows) continue;", "if (row > rows) continue;"),
}


def of_instruction(name):
    return next(module for module in TENSORS if name in dict(module.defines))


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_shows(bug):
    assert any(_fails(order, *PLANTED[bug]) for order in ORDERS)


def _fails(order, good, bad):
    rows, columns, terms = 130, 33, 2000  # four steps: the last is where the counts are put
    device = SimulatedDevice(order, planted=lambda text: text.replace(good, bad))
    module = of_instruction("AND")
    assert good in module.text
    rng = np.random.default_rng(1)
    a, w = signs(rng, rows, terms), signs(rng, columns, terms)
    there = [device.upload(words).view(np.uint32) for words in (a, w)]
    result = Sums(device.allocate((rows, columns), np.int32))
    try:
        device.run(launches.gemm(module, *there, terms, result))
    except SimulationFault:
        return True
    return not np.array_equal(device.download(result.out), backend("naive").matmul(a, w, terms))


def test_without_a_bug_the_same_passes():
    assert not any(_fails(order, "", "") for order in ORDERS)
