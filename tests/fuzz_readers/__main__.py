"""Random files for every reader until one breaks: `python -m tests.fuzz_readers --cases 100000 [--reader NAME]`.

Each reader has a process of its own, so that a crash or a hang is told with the case that made it;
`--reader NAME --first N --cases 1` with the same seed makes that case again. All failures are told, not the first only.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

HUNG = 300.0
"""Seconds of a clock after which a case is given up, however busy the machine is."""
MOST_TOLD = 5


def parsed(arguments):
    from tests.fuzz_readers.readers import READERS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="for each reader (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--reader", choices=READERS, help="this one only")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments), list(READERS)


def main(arguments=None):
    """Exit code 0 where every case of every reader went well."""
    told, names = parsed(arguments)
    if told.child is not None:
        return campaign(told)
    return max([run_apart(name, told) for name in ([told.reader] if told.reader else names)])


def run_apart(name, told):
    """One reader in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder, "case")
        command = [sys.executable, "-m", "tests.fuzz_readers", "--child", str(at), "--reader", name]
        command += ["--cases", str(told.cases), "--seed", str(told.seed), "--first", str(told.first)]
        code = subprocess.run(command, check=False).returncode
        if code not in (0, 1):
            print(f"{name}: case {at.read_text() if at.exists() else 'none'} ended with {code}, seed {told.seed}")
    return int(code != 0)


def campaign(told):
    """The cases of one reader."""
    from tests.fuzz_readers.readers import case

    logging.disable()
    ends, broken = Counter(), 0
    for number in range(told.first, told.first + told.cases):
        told.child.write_text(str(number))
        faulthandler.dump_traceback_later(HUNG, exit=True)
        try:
            ends[type(case(told.reader, told.seed, number)).__name__] += 1
        except Exception:
            broken += 1
            if broken <= MOST_TOLD:
                print(f"{told.reader}: case {number}, seed {told.seed}\n{traceback.format_exc()}")
        finally:
            faulthandler.cancel_dump_traceback_later()
    read = ", ".join(f"{count} {'read' if kind == 'NoneType' else kind}" for kind, count in ends.most_common())
    print(f"{told.reader}: {told.cases} cases, {broken} broken; {read}")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
