"""The CUDA kernels take part too, simulated on the CPU where that is possible."""

import pytest

from engine.inference.backend import backends
from tests.conformance.oracle import SIMULATED
from tests.hostsim.backend import Simulated


@pytest.fixture(autouse=True)
def simulated(monkeypatch):
    for name in SIMULATED:
        monkeypatch.setitem(backends(), name, Simulated())
