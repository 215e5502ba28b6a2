"""The simulation itself: what CUDA promises holds in it, and what CUDA leaves undefined is told."""

import ctypes

import numpy as np
import pytest

from gpu.source import text
from tests.hostsim.build import simulated
from tests.hostsim.device import ORDERS, RANDOM

KERNELS = """
#include "common.cuh"
extern "C" __global__ void places(u32* out) {
    const u32 block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const u32 thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    out[block * blockDim.x * blockDim.y * blockDim.z + thread] = 1000 * block + thread;
}
extern "C" __global__ void collectives(u32* out) {
    const u32 lane = threadIdx.x % 32, half = lane < 16 ? 0xFFFFu : 0xFFFF0000u;
    out[4 * threadIdx.x] = __ballot_sync(half, lane % 3 == 0);
    out[4 * threadIdx.x + 1] = __shfl_xor_sync(half, threadIdx.x, 5);
    out[4 * threadIdx.x + 2] = __shfl_down_sync(0xFFFFFFFFu, threadIdx.x, 7);
    __syncwarp();
    out[4 * threadIdx.x + 3] = __shfl_sync(0xFFFFFFFFu, threadIdx.x, 3);
}
extern "C" __global__ void poison(u32* out) {
    __shared__ u32 kept[64];
    out[blockIdx.x * 64 + threadIdx.x] = kept[threadIdx.x];
    __syncthreads();
    kept[threadIdx.x] = 1;
}
extern "C" __global__ void neighbour(u32* out) {
    __shared__ u32 kept[64];
    kept[threadIdx.x] = threadIdx.x;
    out[threadIdx.x] = kept[(threadIdx.x + 1) % 64];
}
extern "C" __global__ void late(u32* out, i32 left) {
    u32 here[2] = {7, 7}, there[2] = {1, 2};
    simulated_copy(here, there, 4, 4);
    simulated_commit();
    simulated_copy(here + 1, there + 1, 4, 0);
    simulated_commit();
    if (left >= 0) simulated_wait(left);
    out[0] = here[0];
    out[1] = here[1];
}
extern "C" __global__ void added(i32* out) { atomicAdd(out, 1); }
extern "C" __global__ void beyond() { simulated_dynamic_memory[threadIdx.x] = 0; }
extern "C" __global__ void apart(i32 at) {
    if (i32(threadIdx.x) < at) __syncthreads();
    else
        __syncthreads();
}
extern "C" __global__ void alone(i32 at) {
    if (i32(threadIdx.x) == at) return;
    __syncthreads();
}
extern "C" __global__ void missing(i32 at) {
    if (i32(threadIdx.x) != at) __ballot_sync(0xFFFFFFFFu, true);
}
extern "C" __global__ void left_out(i32 at) { __ballot_sync(~(1u << at), true); }
extern "C" __global__ void stranger(i32 at) {
    if (i32(threadIdx.x) < at) __shfl_sync((1u << at) - 1, 1, 31);
}
extern "C" __global__ void few_lanes(i32 at) { __ballot_sync(0xFFFFFFFFu, true); }
"""
NAMES = (
    "places", "collectives", "poison", "neighbour", "late", "added", "beyond", "apart", "alone", "missing", "left_out",
    "stranger", "few_lanes",
)  # fmt: skip


def source():
    """The kernels with what they include in its place."""
    return KERNELS.replace('#include "common.cuh"', text("common.cuh"))


def run(name, *arguments, grid=(1, 1, 1), block=(64, 1, 1), shared=0, order=0):
    """What the simulation says of a launch, "" for nothing."""
    values = [np.array([a.ctypes.data if isinstance(a, np.ndarray) else a]) for a in arguments]
    pointers = (ctypes.c_void_p * max(1, len(values)))(*[value.ctypes.data for value in values])
    said = ctypes.create_string_buffer(300)
    failed = simulated(source(), NAMES)(
        name.encode(), (ctypes.c_uint * 3)(*grid), (ctypes.c_uint * 3)(*block), shared, pointers, order, said, len(said)
    )
    assert bool(failed) == bool(said.value)
    return said.value.decode()


@pytest.mark.parametrize("order", ORDERS)
def test_every_thread_of_every_block_runs_once_and_knows_its_place(order):
    out = np.zeros(24 * 30, np.uint32)
    assert run("places", out, grid=(2, 3, 4), block=(5, 3, 2), order=order) == ""
    assert out.tolist() == [1000 * block + thread for block in range(24) for thread in range(30)]


@pytest.mark.parametrize("order", ORDERS)
def test_collectives_of_whole_and_half_warps(order):
    out = np.zeros((64, 4), np.uint32)
    assert run("collectives", out, order=order) == ""
    lanes = np.arange(64) % 32
    half = np.where(lanes < 16, 0xFFFF, 0xFFFF0000)
    ballot = sum(1 << lane for lane in range(0, 32, 3))
    warps = np.arange(64) - lanes
    assert out[:, 0].tolist() == (half & ballot).tolist()
    assert out[:, 1].tolist() == (warps + (lanes ^ 5)).tolist()
    assert out[:, 2].tolist() == (warps + np.where(lanes + 7 < 32, lanes + 7, lanes)).tolist()
    assert out[:, 3].tolist() == (warps + 3).tolist()


def test_shared_memory_is_poisoned_before_every_block():
    out = np.zeros(3 * 64, np.uint32)
    assert run("poison", out, grid=(3, 1, 1)) == ""
    assert set(out.tolist()) == {0xA5A5A5A5}


def test_a_missing_barrier_shows_in_some_order():
    wanted = [(thread + 1) % 64 for thread in range(64)]
    out = np.zeros((len(ORDERS), 64), np.uint32)
    for order, row in zip(ORDERS, out, strict=True):
        assert run("neighbour", row, order=order) == ""
    assert any(row.tolist() != wanted for row in out)


def test_random_orders_differ_by_their_seed():
    rows = [np.zeros(64, np.uint32) for _ in range(4)]
    for seed, row in enumerate(rows):
        run("neighbour", row, order=RANDOM + seed)
    assert len({row.tobytes() for row in rows}) > 1


@pytest.mark.parametrize(("left", "seen"), [(-1, [7, 7]), (1, [1, 7]), (0, [1, 0])])
def test_copies_arrive_when_they_are_waited_for_and_no_sooner(left, seen):
    out = np.zeros(2, np.uint32)
    assert run("late", out, left, block=(1, 1, 1)) == ""
    assert out.tolist() == seen


def test_atomic_additions_add_up():
    out = np.zeros(1, np.int32)
    assert run("added", out, grid=(3, 1, 1), order=RANDOM) == ""
    assert out[0] == 3 * 64


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("kernel", "at", "told"),
    [
        ("apart", 9, "different barriers"),
        ("alone", 9, "have ended"),
        ("missing", 9, "do not all come"),
        ("left_out", 9, "leaves out"),
        ("stranger", 9, "takes no part"),
    ],
)
def test_what_is_undefined_is_told(order, kernel, at, told):
    assert told in run(kernel, at, order=order)
    assert run("added", np.zeros(1, np.int32)) == ""  # and the next launch begins anew


def test_lanes_that_are_no_threads():
    assert "is no thread" in run("few_lanes", 0, block=(40, 1, 1))


def test_dynamic_shared_memory_has_an_end():
    assert run("beyond", shared=64) == ""
    assert "beyond 63 bytes" in run("beyond", shared=63)


def test_what_cannot_be_launched():
    assert "no kernel 'absent'" in run("absent")
    assert "1025 threads" in run("added", np.zeros(1, np.int32), block=(1025, 1, 1))
