"""What data sets there are, and whether they are on this machine. Reads none of them."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from engine import datasets
from engine.datasets.fetched import Fetched
from engine.errors import BadInput


@dataclass(frozen=True)
class State:
    """One data set by name, for people.

    about: what it is, in half a sentence. where: the file that keeps it, "" where it came with Flipscope.
    download: bytes that fetching it takes, 0 where there is nothing to fetch.
    """

    name: str
    title: str
    about: str
    ready: bool
    where: str = ""
    download: int = 0

    @property
    def note(self) -> str:
        """Where it is, or how to have it."""
        if not self.ready:
            return f"{self.download / 1e6:,.0f} MB: python main.py data fetch {self.name}"
        return self.where or "comes with Flipscope"


def states() -> tuple[State, ...]:
    """Every data set that has a name, sorted by it."""
    return tuple(_state(name, module) for name, module in sorted(datasets.modules().items()))


def fetchable(name: str) -> Fetched:
    """What is known of a data set that must be fetched. Raises UnknownName, or BadInput where it need not."""
    module = datasets.module(name)
    fetched: Fetched | None = getattr(module, "FETCHED", None)
    if fetched is None:
        raise BadInput(f"'{name}' comes with Flipscope.", "There is nothing to fetch.")
    return fetched


def _state(name: str, module: ModuleType) -> State:
    fetched: Fetched | None = getattr(module, "FETCHED", None)
    if fetched is None:
        return State(name, module.TITLE, module.ABOUT, True)
    return State(name, module.TITLE, module.ABOUT, fetched.path.exists(), str(fetched.path), fetched.size)
