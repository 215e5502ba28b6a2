"""Expected failures: each says what happened and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FlipscopeError(Exception):
    """A request that cannot be met, told in two halves.

    Args:
        what: what happened, a whole sentence.
        remedy: what the person can do, a whole sentence.

    The window shows both inline; the command line prints them on one line and exits with code 2.
    Pickles (both halves are plain strings), so a worker can hand one to its parent.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".strip()


def reason(error: Exception) -> str:
    """Why the system, or a reader, refused: in its own words, without the path that a sentence names already."""
    return getattr(error, "strerror", None) or str(error)


def refusal(error: OSError) -> FlipscopeError:
    """What a person is told of a file or folder that the system refuses: another's, of too long a name."""
    where = f"'{error.filename}'" if error.filename else "A file"
    return FlipscopeError(f"{where} cannot be used: {reason(error)}.", "Check its name and your permissions.")


class BadFile(FlipscopeError):
    """A file that is not what it was opened as: truncated, corrupted, of a newer version, of another kind."""


class BadInput(FlipscopeError):
    """An argument outside what a function accepts: a shape, a dtype, a range, a combination."""


class Unsupported(FlipscopeError):
    """A network, device or option that this backend or stepper does not run."""


class BackendLost(FlipscopeError):
    """A backend failed in the middle: this process cannot use it any more, another one may.

    Args:
        backend: its name.
    """

    def __init__(self, backend: str, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.backend = backend

    def __reduce__(self) -> tuple[type[BackendLost], tuple[str, str, str]]:
        return (BackendLost, (self.backend, self.what, self.remedy))


class UnknownName(FlipscopeError):
    """A name that nothing answers to; the remedy names the nearest known one."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        super().__init__(f"There is no {kind} '{name}'.", f"{hint}Known: {', '.join(names)}.")
        self.kind, self.name = kind, name

    def __reduce__(self) -> tuple[type[FlipscopeError], tuple[str, str]]:
        return (FlipscopeError, (self.what, self.remedy))
