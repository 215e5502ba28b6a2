"""Random work for the native kernels until something breaks: `python -m tests.fuzz_kernels --minutes 10`.

Each variant that this processor runs has a process of its own, so that a crash is told with the case that made it;
`--variant NAME --first N --cases 1` with the same seed makes that case again.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import numpy as np

from engine.jit.target import FORCE, VARIANTS, runnable

FOREVER = sys.maxsize


def parsed(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long, all variants together")
    parser.add_argument("--cases", type=int, default=FOREVER, help="at most so many for each variant")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--variant", choices=[v.name for v in VARIANTS if runnable(v)], help="this one only")
    parser.add_argument("--kind", help="cases of this kind only")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments=None):
    """Exit code 0 where every case of every variant went well."""
    told = parsed(arguments)
    if told.child is not None:
        return campaign(told)
    names = [told.variant] if told.variant else [v.name for v in VARIANTS if runnable(v)]
    return max([run_apart(name, told, told.minutes / len(names)) for name in names])


def run_apart(name, told, minutes):
    """One variant in a process of its own, with a cache of its own."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder, "case")
        command = [sys.executable, "-X", "faulthandler", "-m", "tests.fuzz_kernels", "--child", str(at)]
        command += ["--minutes", str(minutes), "--cases", str(told.cases), "--seed", str(told.seed)]
        command += ["--first", str(told.first), "--variant", name, *(["--kind", told.kind] if told.kind else [])]
        surroundings = os.environ | {FORCE: name, "FLIPSCOPE_HOME": folder, "OPENBLAS_NUM_THREADS": "1"}
        code = subprocess.run(command, env=surroundings, check=False).returncode
        if code:
            print(f"{name}: case {at.read_text() if at.exists() else 'none'} ended with {code}, seed {told.seed}")
    return int(code != 0)


class Heard(logging.Handler):
    """Keeps what is logged as an error: a program that answers by numpy because native code failed is a failure."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.errors = []

    def emit(self, record):
        self.errors.append(self.format(record))


def campaign(told):
    """Cases of one variant until time or number is up."""
    from tests.fuzz_kernels.kinds import KINDS

    heard = Heard()
    logging.getLogger("engine").addHandler(heard)
    done, end = Counter(), time.monotonic() + 60 * told.minutes
    kinds = {told.kind: KINDS[told.kind]} if told.kind else KINDS
    number = told.first
    while number - told.first < told.cases and time.monotonic() < end:
        told.child.write_text(str(number))
        rng = np.random.default_rng((told.seed, number))
        kind = str(rng.choice(list(kinds)))
        try:
            kinds[kind](rng)
            assert not heard.errors, heard.errors
        except Exception:
            traceback.print_exc()
            return 1
        done[kind] += 1
        number += 1
    print(f"{told.variant}: {sum(done.values())} cases:", ", ".join(f"{n} {kind}" for kind, n in sorted(done.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
