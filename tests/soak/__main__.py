"""Hours of training through the window: `python -m tests.soak --frames 864000` (eight hours' worth), or `--hours 1`.

`--frames` replays made-up frames through the real session and pages as fast as they are taken. `--hours` trains a
small network in real children, with rests, for so long. Both tell what the window's process held after its warm-up and
at the end, as JSON; the exit code is 0 where memory grew by at most 2 %, the history stayed within its bound, and
handles, threads, timers and objects are no more than they were.
"""

import argparse
import json
import os
import sys
import tempfile

READINGS = 50
WARM = 0.1
"""Share of it that is warm-up, at least; and until the history has reached its bound."""


def parsed(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    how_long = parser.add_mutually_exclusive_group(required=True)
    how_long.add_argument("--frames", type=int)
    how_long.add_argument("--hours", type=float)
    parser.add_argument("--share", type=float, default=0.2, help="share of the hours in which the network trains")
    parser.add_argument("--history-mb", type=int, default=256, help="the bound of the run's past")
    return parser.parse_args(arguments)


def main(arguments=None):
    """Exit code 0 where everything held."""
    told = parsed(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["FLIPSCOPE_HOME"] = home
        figures, complaints = _hours(told) if told.hours else _frames(told)
    print(json.dumps({**figures, "complaints": complaints}, indent=1), flush=True)
    return 1 if complaints else 0


def _frames(told):
    from app.launch import application
    from tests.soak.reading import verdict
    from tests.soak.replay import Replay

    application()
    limit = told.history_mb << 20
    replay, readings = Replay(limit), []
    try:
        for part in range(READINGS):
            replay.play(told.frames * (part + 1) // READINGS - replay.trainer.seq)
            readings.append(replay.reading())
            print(readings[-1], file=sys.stderr, flush=True)
    finally:
        replay.close()
    return verdict(warmed(readings, limit), limit)


def _hours(told):
    from app.launch import application
    from tests.soak.hours import RealTime
    from tests.soak.reading import verdict

    application()
    limit = told.history_mb << 20
    real, readings = RealTime(limit, told.share), []
    try:
        for _ in range(READINGS):
            real.spend(3600 * told.hours / READINGS)
            readings.append(real.reading())
            print(readings[-1], file=sys.stderr, flush=True)
    finally:
        real.close()
    return verdict(warmed(readings, limit), limit)


def warmed(readings, limit):
    """The readings after the warm-up."""
    begin = int(WARM * len(readings))
    full = next((index for index, r in enumerate(readings) if r.history > limit * 7 // 8), begin)
    return readings[max(begin, full) :]


if __name__ == "__main__":
    sys.exit(main())
