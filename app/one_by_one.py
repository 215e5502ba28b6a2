"""Things that are due, one in each turn of the event loop, so that there is no long pause anywhere."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

Thing = Callable[[], None]


class OneByOne:
    """Does what was wanted, in that order, while `going`. What waits already keeps its place: so all have turns."""

    def __init__(self, parent: QObject) -> None:
        self.going = False
        self._waiting: list[Thing] = []
        self._turn = QTimer(parent, singleShot=True, interval=0)
        self._turn.timeout.connect(self.do_next)

    @property
    def waits(self) -> bool:
        """Whether anything is still to be done."""
        return bool(self._waiting)

    def go(self) -> None:
        """Do what waits, and what will be wanted."""
        self.going = True
        self._take_turn()

    def rest(self) -> None:
        """Do nothing until `go`; all that is wanted waits."""
        self.going = False
        self._turn.stop()

    def want(self, *things: Thing) -> None:
        """Have these done, after what waits."""
        for thing in things:
            if thing not in self._waiting:
                self._waiting.append(thing)
        self._take_turn()

    def do_now(self, thing: Thing) -> None:
        """Do this without waiting, and not once more for who wanted it before."""
        self._waiting = [other for other in self._waiting if other != thing]
        thing()

    def do_next(self) -> None:
        """Do what is next, and go on in another turn."""
        if self._waiting:
            try:
                self._waiting.pop(0)()
            finally:  # one that fails is told of, and holds nothing else up
                self._take_turn()

    def _take_turn(self) -> None:
        if self.going and self._waiting:
            self._turn.start()
