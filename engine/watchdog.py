"""Calls that may never return, such as a driver's: where one takes longer than was declared, the process is given up.

A call in native code cannot be interrupted, and what it hangs in is shared by the whole process; so the process ends,
and whoever started it goes on with another that leaves the backend out.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from engine.awake import awake
from engine.errors import BackendLost

POLL = 0.25
FAILED = 1

GiveUp = Callable[[BackendLost], None]


def end_process(lost: BackendLost) -> None:
    """Say what happened and end: what a process does that nobody else told what to do."""
    print(f"flipscope: {lost}", file=sys.stderr, flush=True)
    os._exit(FAILED)


@dataclass(frozen=True)
class Limit:
    """A context manager around one call, of whichever thread enters it; they may lie within one another."""

    watchdog: Watchdog
    seconds: float
    lost: Callable[[], BackendLost]

    def __enter__(self) -> None:
        self.watchdog.enter(awake() + self.seconds, self.lost)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.watchdog.leave()


class Watchdog:
    """Looks at the calls of all threads, from a thread of its own that the first of them starts.

    give_up: called in that thread with what was lost, and not expected to return.
    """

    def __init__(self, give_up: GiveUp = end_process) -> None:
        self.give_up = give_up
        self._calls: dict[int, list[tuple[float, Callable[[], BackendLost]]]] = {}
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def limit(self, seconds: float, lost: Callable[[], BackendLost]) -> Limit:
        """Give the process up if what is done within this takes longer; `lost` says what is lost then."""
        return Limit(self, seconds, lost)

    def enter(self, until: float, lost: Callable[[], BackendLost]) -> None:
        """A call of this thread begins, to be over at a time of the clock (engine.awake)."""
        self._calls.setdefault(threading.get_ident(), []).append((until, lost))
        if self._thread is None:
            self._start()

    def leave(self) -> None:
        """The latest call of this thread is over."""
        self._calls[threading.get_ident()].pop()

    def overdue(self, now: float) -> BackendLost | None:
        """What is lost by now, if anything is."""
        begun = [call for calls in list(self._calls.values()) for call in list(calls)]
        until, lost = min(begun, key=lambda call: call[0], default=(now, None))
        return lost() if lost is not None and until < now else None

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True, name="watchdog")
                self._thread.start()

    def _watch(self) -> None:
        never = threading.Event()
        while not never.wait(POLL):
            lost = self.overdue(awake())
            if lost is not None:
                self.give_up(lost)
                return


WATCHDOG = Watchdog()
"""Of this process."""
