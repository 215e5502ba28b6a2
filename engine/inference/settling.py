"""What some backends must do before they can be used, and what takes too long for `probe`: a GPU's self-test."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from engine.errors import BackendLost, FlipscopeError
from engine.inference.backend import Backend, Unavailable, UnderWay, backends, leave_out, left_out, readmit

log = logging.getLogger(__name__)

POLL = 0.01
"""Seconds of one slice of waiting."""
UNDER_WAY = UnderWay(
    "Not yet: its kernels are being checked on this machine.",
    "It joins the others by itself when that is done; the first time takes a minute or so.",
)

Chore = Callable[[], None]
Say = Callable[[str], None]
"""Told what is being done, for people who wait."""
Answer = TypeVar("Answer")


def silent(_: str) -> None:
    """Nobody waits."""


def begin() -> dict[Backend, Chore]:
    """The backends that are not settled in this process, with what settles each; they are left out until `settle`."""
    asked = [one for name, one in backends().items() if name not in left_out()]
    chores = {one: chore for one in asked if (chore := one.unsettled()) is not None}
    for one in chores:
        leave_out(one.name, UNDER_WAY)
    return chores


def settle(chores: dict[Backend, Chore]) -> Iterator[Backend | None]:
    """Settle these in a thread beside this one; yields None while it waits, and each when it may be asked.

    Whoever ends this in the middle, or the process, does not wait for the thread.
    """
    for one, chore in chores.items():
        thread = threading.Thread(target=_settle, args=(one, chore), daemon=True, name=f"settling {one.name}")
        thread.start()
        while thread.is_alive():
            thread.join(POLL)
            yield None
        yield one


def settle_all(say: Say = silent) -> None:
    """Settle every backend before going on. say: told why it takes a while, where it does."""
    chores = begin()
    if chores:
        say(f"Making {', '.join(one.name for one in chores)} ready; the first time takes a minute or so")
    for _ in settle(chores):
        continue
    say("")


def persist(attempt: Callable[[], Answer]) -> Answer:
    """What an attempt gives; it is made anew, without it, whenever a backend is lost in it."""
    while True:
        try:
            return attempt()
        except BackendLost as lost:
            log.warning("%s was lost: %s", lost.backend, lost)
            leave_out(lost.backend, Unavailable(lost.what, lost.remedy))


def _settle(one: Backend, chore: Chore) -> None:
    """Whatever goes wrong costs that backend only. It stays left out where it could not be settled."""
    try:
        chore()
    except FlipscopeError as error:
        leave_out(one.name, Unavailable(error.what, error.remedy))
    except Exception as error:
        log.exception("%s could not be made ready", one.name)
        leave_out(one.name, Unavailable(f"It could not be made ready: {error}.", "Please report it with the log."))
    else:
        readmit(one.name)
