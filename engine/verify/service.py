"""Decision diagrams in a process of their own: what it is asked, what it says, and the service that does it.

An operation of CUDD cannot be interrupted, but its process can be ended (engine.verify.apart).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.errors import BadInput
from engine.verify import bdd
from engine.verify.answers import Answer, Budget
from engine.verify.constraints import Bits, Constraints
from engine.verify.region import Region
from engine.worker import Run


@dataclass(frozen=True, eq=False)
class Question(m.Command):
    """About one region, whose centre has class `label`; answered by Found and Done.

    free: None to count the classes; else for ever smaller forcing sets, the free bits int64 [n] in the order in which
    they are tried.
    """

    lane: ClassVar[str] = "diagrams"
    network: Constraints
    region: Region
    label: int
    budget: Budget
    options: bdd.Options
    free: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Found(m.Event):
    """An answer, or a forcing set bool [inputs]; or why there is none, a sentence."""

    what: Answer | Bits | str


class DiagramService:
    """See engine.worker.Service."""

    def versions(self) -> dict[str, str]:
        return {name: version(name) for name in ("numpy", "dd")}

    def carry_out(self, command: m.Command) -> Run | None:
        if not isinstance(command, Question):
            raise BadInput(f"Diagrams do not know {type(command).__name__}.", "Ask another process.")
        return _found(command)

    def at_rest(self, lane: str) -> Iterator[m.Event]:  # noqa: ARG002 - the contract
        return iter(())

    def close(self) -> None:
        """Nothing is held from one question to the next."""


def open_service() -> DiagramService:
    """What engine.worker runs for diagrams."""
    return DiagramService()


def _found(asked: Question) -> Run:
    about = (asked.network, asked.region, asked.label)
    if asked.free is None:
        yield Found(bdd.count(*about, asked.budget, asked.options))
    else:
        for found in bdd.forcing(*about, asked.free, asked.budget, asked.options):
            yield Found(found)
