"""Flipscope: a command of its command line, or without one the window. Imports neither Qt nor torch at its top."""

from __future__ import annotations

import io
import multiprocessing
import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command or open the window; returns the exit code (0 done, 1 failed, 2 refused, 130 interrupted)."""
    try:
        return _run(argv)
    except KeyboardInterrupt:  # also while modules are still read
        from app.cli.printing import INTERRUPTED

        return INTERRUPTED


def _run(argv: Sequence[str] | None) -> int:
    multiprocessing.freeze_support()
    # A variable that holds numpy's BLAS to another processor's kernels would slow the float side down: every
    # comparison here is with float at its best. Read by numpy once, at its import, in this process and its children.
    os.environ.pop("OPENBLAS_CORETYPE", None)
    from app.cli.parser import parse
    from app.cli.printing import REFUSED
    from engine.errors import FlipscopeError, refusal

    if isinstance(sys.stdout, io.TextIOWrapper):  # a name of a file that is no text must not end a command
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        return int(options.run(options))
    except (FlipscopeError, OSError) as error:
        told = refusal(error) if isinstance(error, OSError) else error
        print(f"flipscope: {told}", file=sys.stderr)
        return REFUSED


if __name__ == "__main__":
    sys.exit(main())
