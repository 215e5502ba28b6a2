"""Binary decision diagrams with a limit on their nodes: CUDD where its wheel exists, pure Python elsewhere.

R. Bryant, "Graph-based algorithms for Boolean function manipulation", 1986; F. Somenzi's CUDD, through `dd`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import dd.autoref

from engine.verify.answers import Budget, OutOfBudget

try:
    import dd.cudd as _cudd
except ImportError:  # no wheel for this platform or Python
    _cudd = None

Node: TypeAlias = Any
"""A Boolean function, as `dd` gives it."""
Literal = tuple[int, bool]
"""A variable by number, and whether it is meant as it is or negated."""

NODE_BYTES = 48
"""What a node takes in CUDD, with its share of the tables."""
BASE_BYTES = 64 << 20
"""What CUDD takes before there are any."""


def library(pure: bool = False) -> str:
    """Which library builds diagrams here, for people."""
    if _cudd is not None and not pure:
        return "CUDD"
    return "dd in pure Python, which is much slower: CUDD has no wheel here"


class Diagrams:
    """A manager of diagrams over variables numbered from 0, the first on top."""

    def __init__(self, budget: Budget, reordering: bool = False, pure: bool = False) -> None:
        """reordering: let variables change places (sifting). pure: in Python even where there is CUDD."""
        self._budget = budget
        self._native = _cudd is not None and not pure
        self._bdd: Any = _cudd.BDD() if self._native else dd.autoref.BDD()
        self._bdd.configure(reordering=reordering)
        if self._native:
            self._bdd.configure(max_memory=BASE_BYTES + NODE_BYTES * budget.nodes)
        self._counted = not self._native or NODE_BYTES * budget.nodes < BASE_BYTES
        self._names: list[str] = []
        self.true: Node = self._bdd.true
        self.false: Node = self._bdd.false

    @property
    def nodes(self) -> int:
        """Nodes that something refers to. Not quick: CUDD looks at all of them."""
        return len(self._bdd)

    def close(self) -> None:
        """Let go of all diagrams; every other reference to a node must be gone by then."""
        del self.true, self.false, self._bdd

    def declare(self, count: int) -> list[int]:
        """New variables, below all others; their numbers."""
        first = len(self._names)
        self._names += [f"v{i}" for i in range(first, first + count)]
        self._bdd.declare(*self._names[first:])
        return list(range(first, first + count))

    def made(self, operation: Callable[[], Node]) -> Node:
        """What an operation on diagrams gives. Raises OutOfBudget where that takes too many nodes or too long.

        CUDD holds to the limit itself, as memory, in the middle of an operation, which says little of a low one; dd's
        own limit would leave its tables broken. There what was made is counted.
        """
        self._budget.check()
        try:
            node = operation()
        except (ValueError, RuntimeError, MemoryError):  # CUDD's words for a full manager, and Python's
            raise self._full() from None
        if self._counted and self.nodes > self._budget.nodes:
            raise self._full()
        return node

    def variable(self, number: int) -> Node:
        return self._bdd.var(self._names[number])

    def all_of(self, nodes: Sequence[Node]) -> Node:
        """Their conjunction, by halves: both sides of each step stay small."""
        if len(nodes) < 2:
            return nodes[0] if nodes else self.true
        middle = len(nodes) // 2
        left, right = self.all_of(nodes[:middle]), self.all_of(nodes[middle:])
        return self.made(lambda: left & right)

    def exists(self, node: Node, variables: Iterable[int]) -> Node:
        """Whether some values of these variables make it true."""
        names = [self._names[number] for number in variables]
        return self.made(lambda: node.exist(*names))

    def joined(self, left: Node, right: Node, variables: Iterable[int]) -> Node:
        """Whether some values of these variables make both true (the relational product)."""
        names = [self._names[number] for number in variables]
        if self._native:
            return self.made(lambda: _cudd.and_exists(left, right, names))
        return self.made(lambda: (left & right).exist(*names))

    def at_least(self, literals: Sequence[Literal], need: int) -> Node:
        """At least `need` of these hold: at most need * (n - need + 1) nodes, from the last literal up."""
        if need <= 0:
            return self.true
        row = [self.true] + [self.false] * need  # entry c: whether at least c of the literals so far hold
        for number, sign in sorted(literals, reverse=True):
            self._budget.check()
            variable = self.variable(number)
            met = variable if sign else ~variable
            row = [self.true] + [self._bdd.ite(met, fewer, same) for fewer, same in pairwise(row)]
        return self.made(lambda: row[need])

    def at_most(self, literals: Sequence[Literal], most: int) -> Node:
        """At most so many of these hold."""
        return self.at_least([(number, not sign) for number, sign in literals], len(literals) - most)

    def count(self, node: Node, variables: int) -> int:
        """How many values of the first so many variables make it true, exact; it depends on no others."""
        levels = sorted(self._bdd.level_of_var(name) for name in self._names[:variables])
        return self._below(node, 0, {level: i for i, level in enumerate(levels)}, {})

    def _below(self, edge: Node, above: int, rank: dict[int, int], known: dict[int, int]) -> int:
        """Values that make an edge true, of the variables that are not among the `above` highest.

        rank: of the counted variables, by level. known: by node, of the variables from its own on.
        """
        if edge.var is None:
            return 0 if edge == self.false else 1 << (len(rank) - above)
        top = rank[edge.level]
        key = int(~edge if edge.negated else edge)
        if key not in known:
            known[key] = sum(self._below(child, top + 1, rank, known) for child in (edge.low, edge.high))
        found = (1 << (len(rank) - top)) - known[key] if edge.negated else known[key]
        return found << (top - above)

    def excludes(self, node: Node, values: Sequence[Literal]) -> bool:
        """Whether it is false wherever these variables have these values."""
        known = {self._names[number]: value for number, value in values}
        return bool(self.made(lambda: self._bdd.let(known, node)) == self.false)

    def pick(self, node: Node) -> dict[int, bool]:
        """Values of some variables that make it true, whatever the others are."""
        return {int(name[1:]): bool(value) for name, value in self._bdd.pick(node).items()}

    def _full(self) -> OutOfBudget:
        return OutOfBudget(f"{self._budget.nodes:,} nodes were not enough.")
