"""A GPU's ceilings, computed from its own data."""

from dataclasses import replace

import pytest

from engine.inference.backend import Limits
from gpu.driver import Gpu
from gpu.limits import limits

AMPERE = Gpu("A GPU", (8, 6), (12, 4), "550.54", processors=68, hertz=1.71e9, bandwidth=760e9)


def test_multiprocessors_times_clock_times_rate():
    found = limits(AMPERE)
    assert found.xnor == pytest.approx(68 * 1.71e9 * 38.4 * 32)  # words of 32 signs a cycle
    assert found.float32 == pytest.approx(68 * 1.71e9 * 128)
    assert found.memory == 760e9
    assert limits(replace(AMPERE, capability=(8, 0))).float32 == pytest.approx(68 * 1.71e9 * 64)


@pytest.mark.parametrize(
    "unknown", [replace(AMPERE, capability=(10, 0)), replace(AMPERE, capability=(13, 0)), replace(AMPERE, hertz=0.0)]
)
def test_without_rates_or_a_clock_there_is_no_ceiling_of_arithmetic(unknown):
    assert limits(unknown) == Limits(None, None, 760e9)


def test_a_driver_that_tells_nothing():
    assert limits(Gpu("A GPU", (8, 6), (12, 4))) == Limits(None, None, None)
