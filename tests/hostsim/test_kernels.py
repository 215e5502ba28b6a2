"""Every kernel of every variant, in every order of threads and blocks, against plain arithmetic."""

import pytest

from gpu import checks
from gpu.checks.sizes import SMALL
from gpu.source import MODULES

EVERY = [pytest.param(module, kernel, id=f"{module} {kernel}") for module in MODULES for kernel in module.kernels]


@pytest.mark.parametrize(("module", "kernel"), EVERY)
def test_kernel(device, module, kernel):
    checks.check(device, module, kernel, SMALL)
    assert {launch.kernel for launch in device.launches} == {kernel}
