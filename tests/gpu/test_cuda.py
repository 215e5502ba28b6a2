"""CuPy's device, on a CuPy whose GPU is the simulation: what is launched, copied, timed, and what failures become."""

import sys

import numpy as np
import pytest

from engine.bits import pack
from engine.errors import BackendLost, Unsupported
from engine.inference.backend import backend
from gpu import launches
from gpu.cuda import CudaDevice
from gpu.results import Sums
from gpu.source import GEMMS, PACK
from tests.gpu import fake_cupy
from tests.gpu.fake_cupy import GONE, GPU, ILLEGAL
from tests.hostsim import build

GEMM = GEMMS[-1]
simulated = pytest.mark.skipif(build.COMPILER is None, reason=build.WHY_NOT)


@pytest.fixture
def cupy(monkeypatch):
    return lambda **fails: fake_cupy.installed(monkeypatch, (GEMM, PACK), **fails)


def product(device, rows=3, columns=5, terms=100):
    rng = np.random.default_rng(0)
    a, w = (pack(rng.integers(0, 2, (side, terms)).astype(bool)) for side in (rows, columns))
    there = [device.upload(words).view(np.uint32) for words in (a, w)]
    out = Sums(device.allocate((rows, columns), np.int32))
    device.run(launches.gemm(GEMM, *there, terms, out))
    return device.download(out.out), backend("naive").matmul(a, w, terms)


@simulated
def test_a_launch_reaches_the_driver_with_its_arguments_geometry_and_types(cupy):
    driver = cupy()
    device = CudaDevice(GPU)
    assert (device.capability, device.processors) == ((8, 6), 4)
    for _ in range(2):
        found, expected = product(device)
        np.testing.assert_array_equal(found, expected)
    assert driver.launched == 2


def test_copies(cupy):
    cupy()
    device = CudaDevice(GPU)
    values = np.arange(30, dtype=np.int32).reshape(5, 6)
    there = device.upload(values.T)
    np.testing.assert_array_equal(device.download(there), values.T)
    device.upload(values[::-1][:, :6].copy().reshape(6, 5), there)
    np.testing.assert_array_equal(device.download(there.rows(1, 3)), values[::-1].reshape(6, 5)[1:3])
    assert device.download(device.upload(values[:0])).shape == (0, 6)
    into = np.zeros((7, 6), np.int32)
    assert device.download(there, into[1:6]).base is into
    np.testing.assert_array_equal(into, np.pad(values[::-1].reshape(5, 6), ((1, 1), (0, 0))))
    with pytest.raises(ValueError, match="bytes into"):
        device.upload(values, device.allocate((2, 2), np.int32))
    for wrong in (into, np.zeros((6, 5), np.int32).T):
        with pytest.raises(ValueError, match=r"into .* bytes"):
            device.download(there, wrong)


@simulated
def test_its_clock_counts_between_marks(cupy):
    cupy()
    device = CudaDevice(GPU)
    first = device.mark()
    product(device)
    product(device)
    assert device.seconds(first, device.mark()) == pytest.approx(2e-3)


@simulated
def test_what_is_recorded_runs_when_it_is_started_so_many_times_at_once(cupy):
    driver = cupy()
    device = CudaDevice(GPU)
    sums = device.upload(np.ones((3, 5), np.int32))
    start = device.recorded(lambda: device.run(launches.clear(sums)), 4)
    assert driver.launched == 0
    assert device.download(sums).all()
    start()
    assert driver.launched == 4
    assert not device.download(sums).any()


@simulated
@pytest.mark.parametrize("at", range(1, 9))
@pytest.mark.parametrize(
    ("error", "said", "remedy"),
    [
        (ILLEGAL, "illegal memory access", "doctor --gpu"),
        (GONE, "no CUDA-capable device", "nvidia-smi"),
        (MemoryError("Out of memory allocating 4 bytes"), "memory is full", "Close other programs"),
    ],
)
def test_any_failure_is_a_lost_backend_with_its_remedy(cupy, at, error, said, remedy):
    cupy(fails={at: error})
    with pytest.raises(BackendLost, match=said) as caught:
        product(CudaDevice(GPU))
    assert caught.value.backend == "cupy-xnor"
    assert remedy in caught.value.remedy


def test_a_broken_cupy_is_told(monkeypatch):
    monkeypatch.setattr("gpu.nvrtc.installed", list)
    monkeypatch.setitem(sys.modules, "cupy.cuda", None)
    with pytest.raises(Unsupported, match="CuPy cannot be imported") as caught:
        CudaDevice(GPU)
    assert "pip install" in caught.value.remedy
