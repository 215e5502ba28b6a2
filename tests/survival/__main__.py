"""Harm to the program at random moments, and what must hold after it: `python -m tests.survival --rounds 200`.

Trainer, inference worker, job and window are killed, stopped or made to fault while they train, save, verify, measure
and read digits. Nothing that was announced as saved may be lost, a reader beside them may never see half a file, nobody
may be left after three seconds, and the window has to say what happened and offer what brings all back.
The same `--seed` harms in the same order; moments differ with the machine's pace.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import islice


def parsed(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="at most so many (default %(default)s)")
    parser.add_argument("--minutes", type=float, default=240.0, help="at most so long (default %(default)g)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first round of either kind")
    parser.add_argument("--windows", type=float, default=0.25, help="share of the rounds that harm the window itself")
    parser.add_argument("--driven", help=argparse.SUPPRESS)
    parser.add_argument("--home", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments=None):
    """Exit code 0 where everything held."""
    told = parsed(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if told.driven:
        from tests.survival.window import drive

        return drive(told.driven, told.home)
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["FLIPSCOPE_HOME"] = home
        return campaign(told, home)


def campaign(told, home):
    """Rounds of both kinds until number or time is up."""
    from tests.survival.cells import CHILDREN, WINDOWS, dealt

    began, of_windows = time.monotonic(), round(told.rounds * told.windows)
    kinds = (
        (children, CHILDREN, told.rounds - of_windows, 1 - told.windows),
        (windows, WINDOWS, of_windows, 1.0),
    )
    for play, cells, count, share in kinds:
        if not count:
            continue
        rounds = islice(enumerate(dealt(cells, random.Random(told.seed))), told.first, told.first + count)
        with play(told.seed, home) as harm:
            for number, cell in rounds:
                if time.monotonic() > began + 60 * told.minutes * share:
                    break
                _round(number, cell, harm)
    print("nothing was lost, nobody was left, everything was told")
    return 0


def _round(number, cell, harm):
    """Play one; what it is stands in the log before it begins, for it may not end."""
    began = time.monotonic()
    print(f"{number}: {cell}", end="", flush=True)
    said = harm(cell)
    print(f"{said and ', '}{said}; {time.monotonic() - began:.0f} s", flush=True)


@contextmanager
def children(seed, home):
    """What harms a child of one window that is open all the while."""
    from tests.survival.children import Survivor

    survivor = Survivor(seed, home)
    try:
        survivor.start()
        yield survivor.round
    finally:
        survivor.close()
    print(f"{survivor.saves.read:,} files were read beside them")


@contextmanager
def windows(seed, home):
    """What harms a window, another one each time."""
    from tests.survival.window import harm_a_window

    rng = random.Random(seed)
    yield lambda cell: harm_a_window(cell, rng, home)


if __name__ == "__main__":
    sys.exit(main())
