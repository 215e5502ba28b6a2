"""What is made in parts, each in a turn of the event loop of its own, so that none of them holds up the window."""

from __future__ import annotations

import importlib
import pkgutil
from abc import abstractmethod
from collections.abc import Iterator
from types import ModuleType
from typing import Self

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget


class InParts(QWidget):
    """A widget that is empty at first. Subclasses make themselves in `parts`, which yields every few milliseconds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rest = self.parts()
        self.whole: bool = False

    @abstractmethod
    def parts(self) -> Iterator[None]:
        """Make it, from nothing to the last connection."""

    def make_part(self) -> bool:
        """Make one more part; False where there was none left.

        What has no place yet is a child from now on: a window that is closed meanwhile takes it along.
        """
        self.whole = next(self._rest, self) is self
        for made in vars(self).values():
            if isinstance(made, QWidget) and made.parent() is None:
                made.setParent(self)
        return not self.whole

    def make_whole(self) -> Self:
        """Make all that is left, and give it back."""
        while self.make_part():
            pass
        return self


def polish(widget: QWidget) -> None:
    """Dress and lay out what is in a widget, which its window would do for all such widgets in one go."""
    for child in widget.findChildren(QWidget):
        child.ensurePolished()
    layout = widget.layout()
    if layout is not None:
        layout.activate()


def prepare(widget: QWidget) -> None:
    """Lay a widget out, unseen as it is, so that to show it takes less."""
    widget.grab(QRect(0, 0, 1, 1))


def imported(package: ModuleType) -> Iterator[ModuleType]:
    """The modules of a package, each imported when it is come to."""
    for info in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{info.name}")
