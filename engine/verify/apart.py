"""Questions to decision diagrams that end in time: put to another process, which is ended where it is late."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from engine.child import Child, Silent
from engine.verify import bdd
from engine.verify.answers import Answer, OutOfBudget
from engine.verify.constraints import Bits
from engine.verify.service import Found, Question

GRACE = 0.2
"""Seconds beyond the limit, in which the process itself may say that it was not enough."""


class Apart:
    """Starts the process when it is first asked, and again after it was ended. A context manager."""

    def __init__(self) -> None:
        self._child: Child | None = None

    def started(self) -> Child:
        """The process, ready."""
        if self._child is None:
            self._child = Child("diagrams")
        return self._child

    def count(self, question: Question) -> Answer:
        """How many inputs have which class; where the time ends first, that it did."""
        try:
            (answer,) = self._ask(question)
        except OutOfBudget as spent:
            return Answer(bdd.NAME, "out of budget", question.label, question.region.size, note=spent.reason)
        assert isinstance(answer, Answer)
        return answer

    def forcing(self, question: Question) -> Iterator[Bits]:
        """Forcing sets as they are found. Raises OutOfBudget where the time or the nodes are not enough."""
        for found in self._ask(question):
            assert not isinstance(found, Answer)
            yield found

    def _ask(self, question: Question) -> Iterator[Answer | Bits]:
        reason = ""
        try:
            for event in self.started().follow(question, question.budget.seconds + GRACE):
                found = event.what if isinstance(event, Found) else None
                if isinstance(found, str):
                    reason = found
                elif found is not None:
                    yield found
        except Silent:
            reason = question.budget.spent
            self.close()
        except BaseException:  # what it still says would be taken for the next answer
            self.close()
            raise
        if reason:
            raise OutOfBudget(reason)

    def close(self) -> None:
        """End the process, in the middle of whatever it does."""
        child, self._child = self._child, None
        if child is not None:
            child.close(patience=0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
