"""Is there any input of another class? By a SAT solver with native cardinality constraints.

MiniCard (M. Liffiton and J. Maglalang, "A cardinality solver: more expressive constraints for free", SAT 2012),
through python-sat. It finds a counterexample or proves that there is none; it does not count.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pysat.solvers import Solver

from engine.verify.answers import Answer, Budget, OutOfBudget
from engine.verify.constraints import AtLeast, Bits, Constraints
from engine.verify.forcing import deleted
from engine.verify.region import Region

NAME = "sat"


class Encoding:
    """The network as clauses and cardinality constraints, for questions about it under assumptions.

    Variable i + 1 is input i. A class other than `label` wins exactly where one of the others beats it.
    """

    def __init__(self, network: Constraints, label: int, region: Region | None = None) -> None:
        """region: outside which nothing is looked at; None for all inputs. Raises Unsupported."""
        self._solver = Solver(name="minicard")
        self._variables = network.inputs
        self.inputs = list(range(1, network.inputs + 1))
        values: list[int] = self.inputs
        if region is not None:
            self._keep(region)
        for block in network.blocks:
            values = [self._neuron(neuron, values) for neuron in block]
        rivals = [other for other in range(network.classes) if other != label]
        self._solver.add_clause([self._implies(network.beats(other, label), values) for other in rivals])

    def close(self) -> None:
        self._solver.delete()

    def ask(self, assumptions: Sequence[int], budget: Budget) -> Bits | None:
        """An input bool [n] of another class under assumptions (+-variables), or None. Raises OutOfBudget."""
        budget.check()
        while (found := self._solved(assumptions, budget.left)) is None:
            budget.check()  # a timer counts the time that the machine slept, the budget does not
        return np.array(self._solver.get_model()[: len(self.inputs)]) > 0 if found else None

    def _solved(self, assumptions: Sequence[int], seconds: float) -> bool | None:
        """Whether they can be met, None where the time was over; what was learned stays for the next call."""
        timer = threading.Timer(seconds, self._solver.interrupt)
        timer.daemon = True
        timer.start()
        try:
            found: bool | None = self._solver.solve_limited(assumptions=list(assumptions), expect_interrupt=True)
        finally:
            timer.cancel()
            self._solver.clear_interrupt()
        return found

    def core(self) -> set[int]:
        """The assumptions that the last None rests on."""
        return set(self._solver.get_core() or ())

    def _new(self) -> int:
        self._variables += 1
        return self._variables

    def _keep(self, region: Region) -> None:
        """At most `radius` of the free bits differ, and none of the others."""
        literals = _literals(region.centre, self.inputs)
        free = set(region.free.tolist())
        for place, literal in enumerate(literals):
            if place not in free:
                self._solver.add_clause([literal])
        if 0 <= region.radius < len(free):
            self._solver.add_atmost([-literals[place] for place in sorted(free)], region.radius)

    def _neuron(self, neuron: AtLeast, values: Sequence[int]) -> int:
        """A variable that is true exactly where the constraint holds."""
        true = self._implies(neuron, values)
        negated = AtLeast(neuron.places, ~neuron.positive, len(neuron.places) - neuron.need + 1)
        self._implies(negated, values, -true)
        return true

    def _implies(self, constraint: AtLeast, values: Sequence[int], condition: int | None = None) -> int:
        """A literal (the given one, or a new one) that is true only where the constraint holds.

        With as many copies of it as literals are needed: all copies and more than n - need false literals together
        would be more than n.
        """
        condition = self._new() if condition is None else condition
        literals = _literals(constraint.positive, [values[place] for place in constraint.places])
        if constraint.need > len(literals):
            self._solver.add_clause([-condition])
        elif constraint.need > 0:
            copies = [condition, *(self._copy(condition) for _ in range(constraint.need - 1))]
            self._solver.add_atmost([*(-literal for literal in literals), *copies], len(literals))
        return condition

    def _copy(self, literal: int) -> int:
        copy = self._new()
        self._solver.add_clause([-literal, copy])
        return copy


def _literals(positive: Iterable[bool], variables: Iterable[int]) -> list[int]:
    return [variable if sign else -variable for sign, variable in zip(positive, variables, strict=True)]


def solve(network: Constraints, region: Region, label: int, budget: Budget) -> Answer:
    """Whether any input of the region has another class than `label`, that of its centre. Raises Unsupported."""
    encoding = Encoding(network, label, region)
    try:
        found = encoding.ask([], budget.begun())
    except OutOfBudget as spent:
        return Answer(NAME, "out of budget", label, region.size, note=spent.reason)
    finally:
        encoding.close()
    if found is None:
        return Answer(NAME, "proved", label, region.size)
    return Answer(NAME, "refuted", label, region.size, counterexample=found, counterclass=network.label(found))


def forcing(
    network: Constraints, region: Region, label: int, free: NDArray[np.int64], budget: Budget
) -> Iterator[Bits]:
    """Ever smaller forcing sets (engine.verify.forcing), by one question a bit. Raises Unsupported, OutOfBudget."""
    encoding, budget = Encoding(network, label, region), budget.begun()
    literals = np.array(_literals(region.centre, encoding.inputs))

    def forces(kept: Bits) -> Bits | None:
        if encoding.ask(literals[kept].tolist(), budget) is not None:
            return None
        return kept & np.isin(literals, list(encoding.core()))

    try:
        yield from deleted(forces, free, network.inputs)
    finally:
        encoding.close()
