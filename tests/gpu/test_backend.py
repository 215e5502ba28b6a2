"""What stands between this machine and the GPU is said honestly, and without importing CuPy."""

import ctypes
import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import gpu.backend as room
from engine.errors import Unsupported


class Driver:
    """A CUDA driver that starts or not, and sees some GPUs."""

    def __init__(self, devices, starts=True):
        self._devices, self._starts = devices, starts

    def cuInit(self, _):  # noqa: N802 - CUDA's name
        return 0 if self._starts else 100

    def cuDeviceGetCount(self, pointer):  # noqa: N802 - CUDA's name
        pointer._obj.value = self._devices
        return 0


@pytest.fixture(autouse=True)
def fresh():
    room._verdict.cache_clear()
    yield
    room._verdict.cache_clear()


def test_no_driver(monkeypatch):
    def absent(_):
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", absent)
    assert "driver" in room.BACKEND.probe().reason


@pytest.mark.parametrize("driver", [Driver(0), Driver(1, starts=False)])
def test_driver_without_a_gpu(monkeypatch, driver):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: driver)
    assert "sees no GPU" in room.BACKEND.probe().reason


def test_no_cupy(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Driver(1))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    verdict = room.BACKEND.probe()
    assert "CuPy" in verdict.reason
    assert "pip install" in verdict.remedy


def test_gpu_and_cupy_without_kernels(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Driver(1))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    assert room.BACKEND.probe().reason == "The CUDA kernels are not part of this version."


def test_running_it_says_why_not():
    for run in (lambda: room.BACKEND.load(None), lambda: room.BACKEND.matmul(np.zeros((1, 1)), np.zeros((1, 1)), 1)):
        with pytest.raises(Unsupported, match="cupy-xnor") as caught:
            run()
        assert caught.value.remedy == room.BACKEND.probe().remedy


def test_probing_imports_neither_cupy_nor_torch():
    script = (
        "import sys; from engine.inference.backend import backends, ready; [b.probe() for b in backends().values()];"
        "print(sorted({'cupy', 'torch', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
