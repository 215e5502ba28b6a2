"""How commands answer: one JSON object, or lines and tables for people. Their exit codes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import FlipscopeError, reason

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130

Record = dict[str, Any]


def answer(options: argparse.Namespace, record: Record, for_people: Callable[[Record], None]) -> int:
    """Print what a command found, as its options ask. Raises FlipscopeError where that cannot be written."""
    if sys.stdout is None:  # it was closed before the command began, so nobody reads
        return DONE
    try:
        if options.json:
            print(json.dumps(record))
        else:
            for_people(record)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough
        _hush()
    except OSError as error:
        _hush()
        what = f"The answer could not be written: {reason(error)}."
        raise FlipscopeError(what, "Free some space on the disk, and ask again.") from error
    return DONE


def _hush() -> None:
    """What is still to be written goes nowhere: Python would try once more at its end, and fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    from engine.tables import table

    print("\n".join(table(head, rows)))


def progress_line(text: str) -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr is not None and sys.stderr.isatty():  # None where it is closed
        print(f"\r{text:<78}", end="" if text else "\r", file=sys.stderr, flush=True)


def short(value: object) -> str:
    """A figure in three digits or so; a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def json_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, nothing else")
