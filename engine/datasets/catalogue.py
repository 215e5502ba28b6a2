"""What data sets there are, and whether they are on this machine. Reads none of them."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from engine import datasets
from engine.datasets.fetched import Fetchable, Fetched
from engine.errors import BadInput, UnknownName
from engine.graph import published
from engine.graph.published import GRAPHS, KARATE


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
            return f"{max(1.0, self.download / 1e6):,.0f} MB: flipscope data fetch {self.name}"
        return self.where or "comes with Flipscope"


def states() -> tuple[State, ...]:
    """Every data set of images that has a name, sorted by it."""
    return tuple(_state(name, module) for name, module in sorted(datasets.modules().items()))


def graph_states() -> tuple[State, ...]:
    """Every graph that has a name; the one that comes with Flipscope first."""
    club = State(KARATE, published.TITLES[KARATE], published.ABOUT_KARATE, ready=True)
    return (club, *(_to_fetch(one, one.about) for one in GRAPHS.values()))


def known_names() -> tuple[str, ...]:
    """Of images and of graphs."""
    return (*datasets.names(), *published.TITLES)


def fetchable(name: str) -> Fetchable:
    """What is known of a data set that must be fetched. Raises UnknownName, or BadInput where it need not."""
    if name in GRAPHS:
        return GRAPHS[name]
    if name not in known_names():
        raise UnknownName("data set", name, known_names())
    fetched: Fetched | None = None if name == KARATE else getattr(datasets.module(name), "FETCHED", None)
    if fetched is None:
        raise BadInput(f"'{name}' comes with Flipscope.", "There is nothing to fetch.")
    return fetched


def _state(name: str, module: ModuleType) -> State:
    fetched: Fetched | None = getattr(module, "FETCHED", None)
    if fetched is None:
        return State(name, module.TITLE, module.ABOUT, True)
    return _to_fetch(fetched, module.ABOUT)


def _to_fetch(one: Fetchable, about: str) -> State:
    return State(one.name, one.title, about, one.kept, str(one.path), one.size)
