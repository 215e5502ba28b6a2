"""Backends that failed in the middle: left out of every worker from then on, until a person asks for them again."""

from __future__ import annotations

from app.backend_choice import BackendChoice
from app.link import Channel, Death
from engine import messages as m


class LeftOut:
    """What a fresh worker is told to do without, and why."""

    def __init__(self, backends: BackendChoice) -> None:
        self._backends = backends
        self._named: dict[str, m.LeaveOut] = {}
        self._news: list[m.LeaveOut] = []

    def lost(self, event: m.BackendLost) -> None:
        """A worker told of a failure, and is about to end."""
        self._name(event.backend, event.what, event.remedy)

    def news(self, death: Death, *, guess: bool = True) -> list[m.LeaveOut]:
        """What a worker was lost through: what it told, or else, as a guess, the devices that were in use."""
        if guess and not self._news:
            for one in self._backends.rows:
                if one.device_in_use and one.name not in self._named:
                    what = f"The worker died while its device was in use: {death.reason}."
                    self._name(one.name, what, "Start it again to try; check the device and its driver.")
        news, self._news = self._news, []
        return news

    def tell(self, child: Channel) -> None:
        """Have a fresh child do without them."""
        for command in self._named.values():
            child.send(command)

    def readmit(self, child: Channel) -> None:
        """Have a child, and those that follow it, try all of them again."""
        for name in self._named:
            child.send(m.Readmit(name))
        self._named.clear()

    def _name(self, backend: str, reason: str, remedy: str) -> None:
        self._named[backend] = m.LeaveOut(backend, reason, remedy)
        self._news.append(self._named[backend])
