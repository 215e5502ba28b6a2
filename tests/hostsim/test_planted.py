"""Bugs that kernels are prone to, planted one by one: in some order of the threads each must show.

Those of copies beside the registers and of the tensor cores are in test_steps.
"""

import pytest

from gpu import checks
from gpu.checks.guard import Mismatch
from gpu.checks.sizes import SMALL
from gpu.source import CONVS, FEW, GEMMS, PACK, PAPER, PIXELS, PLANES, POOL, TENSOR_CONVS, TENSOR_PIXELS
from tests.hostsim.device import ORDERS, SimulatedDevice, SimulationFault

TILE, CONV, PIXEL, ROW = GEMMS[-1], CONVS[-1], PIXELS[-1], FEW[2]
WINDOWS, BYTES = TENSOR_CONVS[0], TENSOR_PIXELS[-1]

PLANTED = {
    # barriers
    "no barrier before a step": (TILE, "gemm_sums", "__syncthreads();\n        const bool more", "const bool more"),
    "the next step is put where this one is read": (
        TILE, "gemm_sums", "traffic.finish(stages[(step + AHEAD) % HELD])", "traffic.finish(stages[step % HELD])",
    ),
    "signs are made before all sums are there": (ROW, "few_bits", "+ sum;\n    __syncthreads();", "+ sum;"),
    "no barrier before a tile is read": (PAPER, "paper_signs", ": 0;\n        __syncthreads();", ": 0;"),
    "no barrier before a tile is overwritten": (PAPER, "paper_signs", "sum);\n        __syncthreads();", "sum);"),
    "a barrier for some threads only": (
        PAPER, "paper_floats", "sum);\n        __syncthreads();", "sum);\n        if (row < rows) __syncthreads();",
    ),
    # threads that are not there
    "an early return before a barrier": (
        TILE, "gemm_sums", "    Sums sums;\n",
        "    Sums sums;\n    if (i32(blockIdx.x * BM + threadIdx.x) >= rows) return;\n",
    ),
    "an early return before a shuffle": (
        ROW, "few_sums", "    look(a,", "    if (first_column() + lane_of_thread() >= columns) return;\n    look(a,",
    ),
    "an early return before a ballot": (
        PACK, "pack_floats", "    store_ballot(words,", "    if (!at.sees(columns)) return;\n    store_ballot(words,",
    ),
    # masks
    "a ballot that leaves out half a warp": (PACK, "pack_bytes", "__ballot_sync(EVERY_LANE,", "__ballot_sync(0xFFFFu,"),
    "a shuffle that leaves out half a warp": (ROW, "few_scores", "(EVERY_LANE, given", "(0xFFFFu, given"),
    "a ballot of half a block's columns": (
        TILE, "gemm_bits", "bound[j], turned[j]); }", "bound[j], turned[j]) & 0xFFFFu; }",
    ),
    # stores and loads off by one
    "a row too many is stored": (TILE, "gemm_sums", "if (row_of_tile(i) < rows &&", "if (row_of_tile(i) <= rows &&"),
    "a word too many is stored": (TILE, "gemm_bits", "word < row_words) out", "word <= row_words) out"),
    "a word too few is stored": (TILE, "gemm_bits", "word < row_words) out", "word < row_words - 1) out"),
    "a value beyond the last column": (
        TILE, "gemm_value", "&& column_of_tile(j) < columns;\n        const size_t",
        "&& column_of_tile(j) <= columns;\n        const size_t",
    ),
    "padding bits are set": (TILE, "gemm_value", "inside && made >= 0.0f", "made >= 0.0f"),
    "a row too many is packed": (PACK, "pack_sums", "inside = row < rows;", "inside = row <= rows;"),
    "values of the next row are packed": (PACK, "pack_planes", "column < columns; }", "column <= columns; }"),
    "a position too many is pooled": (
        POOL, "pool_bits", "position < (u32)positions", "position <= (u32)positions",
    ),
    "a pixel too many is weighed": (PIXEL, "pixels_sums", "pixel + index < terms) set", "pixel + index <= terms) set"),
    "a pixel too many is weighed on tensor cores": (
        BYTES, "pixels_sums", "pixel + index < terms) set", "pixel + index <= terms) set",
    ),
    "pixels on tensor cores are where signs are not": (
        BYTES, "pixels_scores", "*Arrivals<BM>::place(into, slot)",
        "((uint2*)into[line_of_thread() + slot * LINES])[pair_of_thread()]",
    ),
    "a column too few has signs": (BYTES, "pixels_sums", "column < columns);", "column < columns - 1);"),
    "signs of the step before": (BYTES, "pixels_bits", "* row_words + step,", "* row_words + (step ? step - 1 : 0),"),
    # what is on the edge
    "windows look into the line before": (CONV, "conv_sums", "(u32)column < (u32)width", "column < width"),
    "windows on tensor cores look into the next line": (
        WINDOWS, "conv_sums", "(u32)column < (u32)width", "(u32)column <= (u32)width",
    ),
    "windows on tensor cores look at a row too many": (
        WINDOWS, "conv_bits", "(u32)row < (u32)height", "row <= height && row >= 0",
    ),
    "windows on tensor cores stand still": (WINDOWS, "conv_sums", "        place.advance(PAIRS);\n", ""),
    "windows go on in the next line too late": (CONV, "conv_sums", "if (++x == kernel)", "if (x++ == kernel)"),
    "windows look at a row too many": (CONV, "conv_bits", "(u32)row < (u32)height", "row <= height && row >= 0"),
    "pixels of the line before": (PIXEL, "pixel_conv_sums", "(u32)column < (u32)line_bytes", "column < line_bytes"),
    # sums
    "all blocks that share a row begin with all terms": (ROW, "few_sums", "blockIdx.z == 0 ? start : 0", "start"),
    "the last block that shares a row wins": (
        ROW, "few_sums", "atomicAdd(out + (size_t)at.row * columns + at.column, sum)",
        "out[(size_t)at.row * columns + at.column] = sum",
    ),
    "a plane has half its weight": (
        PLANES, "planes_bits", "plane = PLANES - 1; plane >= 0", "plane = PLANES - 2; plane >= 0",
    ),
    "a bound is reached where it is met": (TILE, "gemm_bits", "sum > bound", "sum >= bound"),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_shows(bug):
    module, kernel, good, bad = PLANTED[bug]
    assert good in module.text
    assert any(shows(order, module, kernel, good, bad) for order in ORDERS)


def shows(order, module, kernel, good, bad):
    """Whether a check of the kernel fails with that piece of its source replaced."""
    try:
        checks.check(SimulatedDevice(order, lambda text: text.replace(good, bad)), module, kernel, SMALL)
    except (Mismatch, SimulationFault):
        return True
    return False
