"""Harm to the program at random moments, and what must hold after it: `python -m tests.survival --rounds 200`.

Children of a real window are killed, stopped or made to fault while they train, save, verify, measure and read digits;
and whole windows are killed under their children. Nothing that was announced as saved may be lost, no reader may ever
see half a file, nobody may be left after three seconds, and the window has to say what happened and how to go on.
The same `--seed` harms in the same order; moments differ with the machine's pace.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time


def parsed(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="at most so many")
    parser.add_argument("--minutes", type=float, default=120.0, help="at most so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--windows", type=float, default=0.2, help="share of the rounds in which the window is killed")
    parser.add_argument("--driven", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments=None):
    """Exit code 0 where everything held."""
    told = parsed(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if told.driven:
        from tests.survival.window import drive

        return drive(told.driven, told.seed)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["FLIPSCOPE_HOME"] = home
        return campaign(told, home)


def campaign(told, home):
    """Rounds of both kinds until number or time is up."""
    from tests.survival.children import Survivor
    from tests.survival.window import kill_a_window

    end = time.monotonic() + 60 * told.minutes
    windows = int(told.rounds * told.windows)
    survivor, done = Survivor(told.seed), 0
    try:
        while done < told.rounds - windows and time.monotonic() < end:
            print(f"round {done}: {survivor.round()}", flush=True)
            done += 1
    finally:
        survivor.close()
    while done < told.rounds and time.monotonic() < end + 60 * told.minutes * told.windows:
        print(f"round {done}: {kill_a_window(home, told.seed + done)}", flush=True)
        done += 1
    print(f"{done} rounds; nothing was lost, nobody was left")
    return 0


def driver(home, seed):
    """A window in a process of its own that trains and tells on its output what was saved."""
    command = [sys.executable, "-m", "tests.survival", "--driven", str(home), "--seed", str(seed)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


if __name__ == "__main__":
    sys.exit(main())
