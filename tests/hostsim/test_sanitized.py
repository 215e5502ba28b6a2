"""Kernels touch nothing but their arrays, and do nothing that C++ leaves undefined."""

import os
import subprocess
import sys

import pytest

from tests.hostsim import build

LIBRARIES = ("libasan.so", "libubsan.so")


def sanitized(*replaced):
    """A process of its own, into which the sanitizers are loaded first."""
    found = [subprocess.check_output([build.COMPILER, f"-print-file-name={name}"], text=True) for name in LIBRARIES]
    paths = [path.strip() for path in found]
    if not all(map(os.path.isabs, paths)):
        pytest.skip("g++ came without its sanitizers")
    surroundings = os.environ | {"LD_PRELOAD": " ".join(paths), "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, "-m", "tests.hostsim.sanitized", *replaced]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)


def test_every_file_of_kernels():
    done = sanitized()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("piece", "by", "told"),
    [
        ("inside && column < columns; }", "inside && column <= columns; }", "AddressSanitizer"),
        ("__popc(seen[i] ^ signs)", "__popc(seen[i] ^ (signs << (word + 32)))", "shift exponent"),
    ],
)
def test_what_is_planted_is_told(piece, by, told):
    done = sanitized(piece, by)
    assert done.returncode != 0
    assert told in done.stderr
