"""Every kernel of every variant, in every order of threads and blocks, against plain numpy."""

import numpy as np
import pytest

from gpu.source import MODULES
from tests.hostsim import cases

EVERY = [pytest.param(module, kernel, id=f"{module} {kernel}") for module in MODULES for kernel in module.kernels]


@pytest.mark.parametrize(("module", "kernel"), EVERY)
def test_kernel(device, module, kernel):
    cases.run(kernel, device, module, np.random.default_rng(7))
    assert {launch.kernel for launch in device.launches} == {kernel}
