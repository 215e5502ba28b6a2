"""A lab on the command line: driven to its end in this process, its progress on one line."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from engine import messages as m
from engine import threads
from engine.errors import BadInput
from engine.labs import Lab, Record
from engine.pace import Pace, progress_text

MAX_THREADS = 1024


def run_lab(lab: Lab[Any], options: argparse.Namespace, on_progress: Callable[[str], None]) -> Record:
    """Run a lab as its command asks, on `options.threads` threads. Raises FlipscopeError."""
    if not 1 <= options.threads <= MAX_THREADS:
        raise BadInput(f"{options.threads} threads cannot be used.", "Choose 1 or as many as there are cores.")
    request, results = lab.request(options), []
    pace = Pace(time.monotonic)
    with threads.limited(options.threads):
        for event in lab.run(request):
            if isinstance(event, m.Progress):
                on_progress(progress_text(pace.timed(event)))
            elif isinstance(event, m.LabResult):
                results.append(event)
    on_progress("")
    return lab.record(results)
