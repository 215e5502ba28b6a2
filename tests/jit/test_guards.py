"""Nothing is touched beyond an array, and no argument ends the process: a short campaign of the fuzzer.

It runs in processes of its own, because what is out of bounds kills the process that touches it.
"""

import subprocess
import sys

import pytest

from tests.fuzz_kernels.__main__ import main
from tests.jit.memory import GUARDED

BEYOND = """
import numpy as np
from tests.jit.memory import Guards
placed = Guards(at_end={at_end}).place(np.zeros(5, np.uint8))
print(np.lib.stride_tricks.as_strided(placed, (6,), ({step},)).sum())
"""


@pytest.mark.skipif(not GUARDED, reason="guard pages are made on Linux")
@pytest.mark.parametrize(("at_end", "step"), [(True, 1), (False, -1)])
def test_a_guard_page_ends_whoever_touches_it(at_end, step):
    code = BEYOND.format(at_end=at_end, step=step)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode < 0, done.stderr


def test_a_short_campaign_of_every_variant(capfd):
    assert main(["--minutes", "5", "--cases", "300"]) == 0, capfd.readouterr()


def test_a_failing_case_is_told_with_its_number(capfd):
    assert main(["--kind", "nothing", "--cases", "1"]) == 1
    assert "ended with 1, seed 0" in capfd.readouterr().out
