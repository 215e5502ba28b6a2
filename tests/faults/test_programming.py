"""The macrospin model against its formula by hand, its inverse, and what is read off a measured curve."""

import math

import numpy as np
import pytest

from engine.errors import BadInput
from engine.faults.programming import SAFE, Curve, Junction, choice

JUNCTION = Junction()
CURVE = Curve((0.0, 1e-3, 1e-2, 1e-1), (0.98, 0.98, 0.97, 0.5))


def test_the_error_rate_is_the_formulas():
    overdrive, nanoseconds = 2.0, 5.0
    exponent = math.pi**2 * 60 / 4 * (overdrive - 1) / (overdrive * math.exp(2 * (overdrive - 1) * nanoseconds) - 1)
    expected = (1 - math.exp(-exponent)) / 2
    assert JUNCTION.bit_error_rate(overdrive, 5e-9) == pytest.approx(expected, rel=1e-12)


def test_without_a_pulse_half_the_bits_are_old_and_a_long_one_leaves_hardly_any():
    assert JUNCTION.bit_error_rate(2.0, 0.0) == pytest.approx(0.5, abs=1e-9)
    assert 0 < JUNCTION.bit_error_rate(2.0, 20e-9) < 1e-15


@pytest.mark.parametrize("overdrive", [1.1, 2.0, 4.0])
def test_the_pulse_is_the_inverse(overdrive):
    rates = np.array([1e-12, 1e-6, 1e-3, 0.1, 0.4])
    assert np.allclose(JUNCTION.bit_error_rate(overdrive, JUNCTION.pulse(overdrive, rates)), rates, rtol=1e-6)


def test_energy_is_current_squared_times_resistance_times_time():
    assert JUNCTION.energy(2.0, 10e-9) == pytest.approx((100e-6) ** 2 * 5e3 * 10e-9)


def test_a_current_below_the_critical_one_and_odd_junctions_are_refused():
    with pytest.raises(BadInput, match="never switches"):
        JUNCTION.bit_error_rate(1.0, 1e-9)
    with pytest.raises(BadInput, match="stability"):
        Junction(stability=1.0)


def test_between_measured_rates_the_curve_is_straight_along_the_logarithm():
    assert CURVE.accuracy(10**-2.5) == pytest.approx(0.975)
    assert CURVE.accuracy([0.0, 1e-9, 1e-3, 0.5]).tolist() == [0.98, 0.98, 0.98, 0.5]
    falling = Curve((0.0, 1e-2), (1.0, 0.9))
    assert falling.accuracy(5e-3) == pytest.approx(0.95)


def test_the_bearable_rate_is_where_the_loss_is_reached():
    assert CURVE.bearable(0.005) == pytest.approx(10**-2.5, rel=0.03)
    assert CURVE.bearable(0.9) == pytest.approx(0.1, rel=0.02)
    assert Curve((0.0, 1e-6, 1e-1), (0.98, 0.5, 0.98)).bearable(0.01) < 1e-6  # what is lost before counts


def test_where_only_tiny_rates_were_measured_nothing_beyond_safety_is_born():
    assert Curve((0.0, 1e-12), (0.98, 0.98)).bearable(0.01) == pytest.approx(SAFE)


def test_check_bits_cost_energy():
    plain, coded = (choice(JUNCTION, 2.0, Curve(CURVE.rates, CURVE.accuracies, coded=c), 1e-3) for c in (False, True))
    assert coded.energy == pytest.approx(plain.energy * 72 / 64)
    assert plain.accuracy == pytest.approx(0.98)
    assert JUNCTION.bit_error_rate(2.0, plain.pulse) == pytest.approx(1e-3)
