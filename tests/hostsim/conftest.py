"""Every order of threads and blocks in turn."""

import pytest

from tests.hostsim import build
from tests.hostsim.device import ORDERS, SimulatedDevice


def pytest_collection_modifyitems(items):
    if build.COMPILER is None:
        for item in items:
            if item.path.parent == build.HERE:
                item.add_marker(pytest.mark.skip(reason=build.WHY_NOT))


@pytest.fixture(params=ORDERS, ids=["forward", "backward", "random"])
def device(request):
    return SimulatedDevice(request.param)
