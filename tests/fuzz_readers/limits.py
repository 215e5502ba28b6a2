"""One file read under limits: it ends in success or in a typed error, soon, and in little memory."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from engine.errors import FlipscopeError

SECONDS = 2.0
"""Of this process's own time: a machine that is busy otherwise makes no reader slow."""
MEMORY_FACTOR, MEMORY_MORE = 4, 64 << 20

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def held(read, path):
    """Read what is at a path, file or folder, and hold the reader to the limits; gives the typed error, or None."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    before, began, told = _reset_peak(), time.process_time(), None
    try:
        read(path)
    except FlipscopeError as error:
        told = error
    seconds, grown = time.process_time() - began, _memory("VmHWM") - before
    assert told is None or (told.what and told.remedy), told
    assert seconds < SECONDS, f"it took {seconds:.1f} s"
    most = MEMORY_FACTOR * size + MEMORY_MORE
    assert grown <= most, f"a file of {size:,} bytes took {grown:,} bytes of memory; {most:,} is the limit"
    return told


def _reset_peak():
    """What this process holds now, in bytes, from where its peak is counted anew; 0 where it cannot be known."""
    if sys.platform != "linux":
        return 0
    _RESET.write_text("5")
    return _memory("VmRSS")


def _memory(kind):
    if sys.platform != "linux":
        return 0
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(kind))
    return 1024 * int(line.split()[1])
