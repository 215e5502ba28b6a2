"""What a process holds at a moment, and whether it holds more than it did."""

import gc
from dataclasses import asdict, dataclass
from statistics import median

import psutil
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

GROWTH = 0.02
"""Share by which resident memory may grow after it has warmed up."""


@dataclass(frozen=True)
class Reading:
    """resident: bytes of memory; handles: open files and pipes; history: bytes of the run's past."""

    frames: int
    resident: int
    history: int
    handles: int
    threads: int
    timers: int
    objects: int
    python: int

    @classmethod
    def take(cls, frames, window):
        """Read it now, without what is only waiting to be collected."""
        gc.collect()
        process = psutil.Process()
        roots = [window, window.session, QApplication.instance(), *QApplication.topLevelWidgets()]
        held = {id(child): child for root in roots for child in root.findChildren(QObject)}
        return cls(
            frames=frames,
            resident=process.memory_info().rss,
            history=window.session.run.history.bytes,
            handles=process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
            threads=process.num_threads(),
            timers=sum(isinstance(child, QTimer) for child in held.values()),
            objects=len(held),
            python=len(gc.get_objects()),
        )


def verdict(readings, limit, growth=GROWTH, end=0.1):
    """Figures of the readings after the warm-up, and what does not hold of them: (figures, complaints).

    Memory is the median of either end, without what the history has grown by meanwhile, which has a bound of its own.
    Of whatever is counted the least of the last end may be no more than the most of the first half: some come and go (a
    scroll bar that fades is an object more, an idle thread of a pool ends), what is lost only comes. limit: bytes that
    the history may take. end: the share of the readings that is an end.
    """
    count = max(1, int(end * len(readings)))
    first, last, early = readings[:count], readings[-count:], readings[: max(1, len(readings) // 2)]
    before, after = (median(r.resident for r in part) for part in (first, last))
    after -= max(0, median(r.history for r in last) - median(r.history for r in first))
    grown = after / before - 1
    complaints = [] if grown <= growth else [f"memory grew by {grown:.1%}"]
    if (most := max(r.history for r in readings)) > limit:
        complaints.append(f"the history took {most:,} of {limit:,} bytes")
    for name in ("handles", "threads", "timers", "objects"):
        then, now = max(getattr(r, name) for r in early), min(getattr(r, name) for r in last)
        if now > then:
            complaints.append(f"{name}: {then} became {now}")
    figures = {"grown": round(grown, 4), "history_most": most, "first": asdict(first[0]), "last": asdict(last[-1])}
    return figures, complaints
