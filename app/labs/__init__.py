"""The labs' panels, one a file: each module here offers one as PANEL; no list is kept."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.parts import InParts, imported
from app.session import Session
from engine import messages as m


@dataclass(frozen=True)
class About:
    """A lab in words. claims: what its paper claims, each a sentence; never mixed with what was measured here.

    lesson: the name of the one behind it (app.lessons).
    """

    question: str
    method: str
    limits: str
    source: str
    claims: tuple[str, ...]
    lesson: str = "bit"


class LabPanel(InParts):
    """One lab on the Labs page: its choices and its plots. The page adds the words, the command, Run, Stop and Export.

    Make them in `parts`, a plot or two before each yield. Say of each card what is seen in it with `app.why.explain`.
    Emit `edited` when a choice changes, and `found` with what was measured here, in a few sentences.

    name: of the lab (engine.labs), where there is one. title: on its tab. order: of the tabs, lowest first.
    """

    edited = Signal()
    found = Signal(str)

    name: ClassVar[str]
    title: ClassVar[str]
    order: ClassVar[int]
    about: ClassVar[About]

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session

    @abstractmethod
    def request(self) -> m.RunLab:
        """What Run would start. Raises FlipscopeError, which is shown beside the button."""

    @abstractmethod
    def begin(self, request: m.RunLab) -> None:
        """A run begins: what was found before makes room for what comes."""

    @abstractmethod
    def show_result(self, result: m.LabResult) -> None:
        """Show a result of the run under way."""

    def over(self) -> None:
        """The run has ended: by itself, by Stop or by a failure."""

    @abstractmethod
    def csv(self) -> str:
        """Everything that was found, as CSV; "" where there is nothing yet."""


def csv(head: str, rows: Sequence[str]) -> str:
    """A table as `LabPanel.csv` gives it; "" without rows."""
    return "\n".join([head, *rows, ""]) if rows else ""


def panels() -> Iterator[type[LabPanel]]:
    """The panel of every lab, each imported when it is come to."""
    for module in imported(sys.modules[__name__]):
        if hasattr(module, "PANEL"):
            yield module.PANEL
