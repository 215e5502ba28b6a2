"""Rates of instructions: what limits a mixture of them, and whose rates a GPU has."""

import pytest

from gpu.rates import ARCHITECTURES, Architecture, cycles, ideal_cycles, nearest


def test_the_busiest_pipe_is_waited_for():
    ampere = ARCHITECTURES[80]
    assert cycles({"alu": 64, "xu": 8, "issue": 72}, ampere) == (1.0, "alu")
    assert cycles({"alu": 64, "xu": 32, "issue": 96}, ampere) == (2.0, "xu")
    assert cycles({"alu": 32, "fma": 64, "uniform": 64, "issue": 256}, ampere) == (2.0, "issue")


def test_only_what_nvidia_tells_is_called_documented():
    assert [number for number, each in ARCHITECTURES.items() if each.documented] == [75, 80, 86, 89, 90, 120]


def test_the_ideal_is_where_both_pipes_are_busy():
    # a third with the second level: 5/3 of logic by 64 lanes, 5/12 of popcounts by 16
    assert ideal_cycles(ARCHITECTURES[80]) == pytest.approx(5 / 3 / 64)
    assert pytest.approx(5 / 12 / 16) == 5 / 3 / 64


@pytest.mark.parametrize("logic", [16, 32, 64, 128, 256])
def test_no_mixture_is_better_than_the_ideal(logic):
    lanes = {**ARCHITECTURES[80].lanes, "alu": logic}
    shares = (share / 1000 for share in range(1001))
    best = min(max((1.5 + d / 2) / logic, (0.5 - d / 4) / 16, (0.5 - d / 4) / 64, 2.5 / 128) for d in shares)
    assert ideal_cycles(Architecture(80, lanes=lanes)) == pytest.approx(best, rel=1e-3)


@pytest.mark.parametrize(
    ("capability", "number"),
    [((7, 5), 75), ((8, 0), 80), ((8, 7), 86), ((8, 9), 89), ((9, 0), 90), ((10, 3), 100), ((12, 1), 120)],
)
def test_a_gpu_has_the_rates_of_its_generation(capability, number):
    assert nearest(capability) is ARCHITECTURES[number]


@pytest.mark.parametrize("capability", [(7, 0), (11, 0), (13, 0)])
def test_of_other_generations_nothing_is_known(capability):
    assert nearest(capability) is None
