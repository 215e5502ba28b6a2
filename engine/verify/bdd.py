"""How many inputs of a region have which class, by decision diagrams: BDD4BNN's encoding, block by block.

Variables are the free inputs and, below them, the neurons that the region does not hold fixed. A block is the
relation AND_i (y_i <=> D_i) AND In between its inputs and its neurons; what it reaches, In' = EXISTS x. R, bounds the
next one; R and R' compose to EXISTS y. R AND R' (Zhang et al. 2021, sections 4 and 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.verify.answers import Answer, Budget, OutOfBudget
from engine.verify.constraints import AtLeast, Bits, Constraints
from engine.verify.diagrams import Diagrams, Node
from engine.verify.forcing import deleted
from engine.verify.region import Region

NAME = "bdd"
Order = Literal["reading", "weight"]
"""Free inputs as they come, or those first that have the most to say: by how unevenly the first layer reads them."""

Value = bool | int
"""A neuron or input: held fixed, or a variable by number."""


@dataclass(frozen=True)
class Options:
    """How diagrams are built. pure: by dd's Python even where CUDD is there."""

    order: Order = "reading"
    reordering: bool = False
    pure: bool = False


DEFAULT = Options()


def count(network: Constraints, region: Region, label: int, budget: Budget, options: Options = DEFAULT) -> Answer:
    """Count the classes of a region's inputs; `label` is the class of its centre. Raises Unsupported."""
    beats = {pair: network.beats(*pair) for pair in permutations(range(network.classes), 2)}
    diagrams = Diagrams(budget.begun(), options.reordering, options.pure)
    try:
        return _Count(diagrams, network, beats, region, options.order).answer(label)
    except OutOfBudget as spent:
        reason = spent.reason  # the exception itself holds the frames, and with them nodes
    finally:
        diagrams.close()
    return Answer(NAME, "out of budget", label, region.size, note=reason)


def forcing(
    network: Constraints,
    region: Region,
    label: int,
    free: NDArray[np.int64],
    budget: Budget,
    options: Options = DEFAULT,
) -> Iterator[Bits | str]:
    """Ever smaller forcing sets (engine.verify.forcing); where the budget ends before, why, a sentence, at last.

    free: the region's free bits, in the order in which they are let go. Raises Unsupported.
    """
    beats = {(label, rival): network.beats(label, rival) for rival in range(network.classes) if rival != label}
    diagrams, reason = Diagrams(budget.begun(), options.reordering, options.pure), ""
    try:
        yield from _Count(diagrams, network, beats, region, options.order).forcing(label, free)
    except OutOfBudget as spent:
        reason = spent.reason
    finally:
        diagrams.close()
    if reason:
        yield reason


class _Count:
    def __init__(
        self,
        diagrams: Diagrams,
        network: Constraints,
        beats: Mapping[tuple[int, int], AtLeast],
        region: Region,
        order: Order,
    ) -> None:
        self._d, self._network, self._beats, self._region = diagrams, network, beats, region
        self._places = _ordered(network, region, order)
        self._inputs = diagrams.declare(len(self._places))
        self._nodes = 0

    def answer(self, label: int) -> Answer:
        of_class = self._classes(range(self._network.classes))
        counts = tuple(self._d.count(node, len(self._inputs)) for node in of_class)
        assert sum(counts) == self._region.size, "every input has one class"
        rival = next((c for c, found in enumerate(counts) if found and c != label), None)
        return Answer(
            engine=NAME,
            status="proved" if rival is None else "refuted",
            label=label,
            size=self._region.size,
            counts=counts,
            counterexample=None if rival is None else self._nearest(of_class[rival]),
            counterclass=rival,
            nodes=self._nodes,
        )

    def forcing(self, label: int, free: NDArray[np.int64]) -> Iterator[Bits]:
        """Sets force a class where no input of the region that has their values has another."""
        (wins,) = self._classes([label])
        fails = self._d.made(lambda: self._ball(self._region.radius) & ~wins)

        def forces(kept: Bits) -> Bits | None:
            as_they_are = [
                (number, bool(self._region.centre[place]))
                for number, place in zip(self._inputs, self._places, strict=True)
                if kept[place]
            ]
            return kept if self._d.excludes(fails, as_they_are) else None

        return deleted(forces, free, self._network.inputs)

    def _classes(self, labels: Iterable[int]) -> list[Node]:
        """For each of some classes the function of the free inputs that is true where it wins, within the region."""
        relation, values = self._ball(self._region.radius), self._start()
        for index, block in enumerate(self._network.blocks):
            relation, values = self._through(block, relation, values, first=index == 0)
        self._nodes = self._d.nodes
        # without a block the values are the inputs themselves, which the classes are functions of
        neurons = [value for value in values if not isinstance(value, bool)] if self._network.blocks else []
        reached = self._d.exists(relation, self._inputs)
        wins = (self._winning(label, reached, values) for label in labels)
        return [self._d.joined(relation, winning, neurons) for winning in wins]

    def _start(self) -> list[Value]:
        values: list[Value] = self._region.centre.tolist()
        for place, number in zip(self._places, self._inputs, strict=True):
            values[place] = number
        return values

    def _ball(self, radius: int) -> Node:
        differs = [(i, not self._region.centre[place]) for i, place in zip(self._inputs, self._places, strict=True)]
        return self._d.at_most(differs, radius)

    def _through(
        self, block: tuple[AtLeast, ...], relation: Node, values: list[Value], first: bool
    ) -> tuple[Node, list[Value]]:
        """The relation between the free inputs and the neurons of the next block, and what these are."""
        before = [] if first else [v for v in values if not isinstance(v, bool)]
        reached = relation if first else self._d.exists(relation, self._inputs)
        given: list[Value] = []
        links: list[Node] = []
        for neuron in block:
            fires = self._fires(neuron, values, reached, first)
            if isinstance(fires, bool):
                given.append(fires)
                continue
            (number,) = self._d.declare(1)
            given.append(number)
            links.append(self._link(number, fires, reached))
        new = self._d.all_of([reached, *links]) if not links else self._d.all_of(links)
        return (new if first else self._d.joined(relation, new, before)), given

    def _link(self, number: int, fires: Node, reached: Node) -> Node:
        return self._d.made(lambda: reached & self._d.variable(number).equiv(fires))

    def _fires(self, neuron: AtLeast, values: list[Value], reached: Node, first: bool) -> bool | Node:
        """When a neuron is +1, or that it always or never is within what is reached."""
        literals, need = _free_part(neuron, values)
        low, high = self._span(neuron, values) if first else (0, len(literals))
        if need <= low or need > high:
            return need <= low
        node = self._d.at_least(literals, need)
        inside = self._d.made(lambda: reached & node)
        if inside == self._d.false or inside == reached:
            return bool(inside == reached)
        return node

    def _span(self, neuron: AtLeast, values: list[Value]) -> tuple[int, int]:
        """How few and how many of a neuron's literals on free inputs hold within the ball."""
        free = np.array([not isinstance(values[place], bool) for place in neuron.places])
        met = self._region.centre[neuron.places] == neuron.positive
        holding, radius = int(np.count_nonzero(met & free)), self._region.radius
        others = int(np.count_nonzero(free)) - holding
        return holding - min(radius, holding), holding + min(radius, others)

    def _winning(self, label: int, reached: Node, values: list[Value]) -> Node:
        """The values of the last neurons, of those reached, at which a class wins."""
        for rival in range(self._network.classes):
            if rival != label and reached != self._d.false:
                wins = self._d.at_least(*_free_part(self._beats[label, rival], values))
                reached = self._both(reached, wins)
        return reached

    def _both(self, left: Node, right: Node) -> Node:
        return self._d.made(lambda: left & right)

    def _nearest(self, node: Node) -> Bits:
        """An input that makes a function of the free inputs true, as near to the centre as there is one."""
        radius = 0
        while (nearer := self._both(node, self._ball(radius))) == self._d.false:
            radius += 1
        found = self._region.centre.copy()
        for number, value in self._d.pick(nearer).items():
            found[self._places[number]] = value
        return found


def _free_part(constraint: AtLeast, values: list[Value]) -> tuple[list[tuple[int, bool]], int]:
    """The literals of a constraint that are variables, and how many of them are still needed."""
    literals, need = [], constraint.need
    for place, sign in zip(constraint.places.tolist(), constraint.positive.tolist(), strict=True):
        value = values[place]
        if isinstance(value, bool):
            need -= value == sign
        else:
            literals.append((value, sign))
    return literals, need


def _ordered(network: Constraints, region: Region, order: Order) -> NDArray[np.int64]:
    """The free inputs in the order of their variables."""
    if order == "reading" or not network.blocks:
        return region.free
    first = network.blocks[0]
    votes = sum(np.where(neuron.positive, 1, -1) for neuron in first)
    return region.free[np.argsort(-np.abs(np.asarray(votes)[region.free]), kind="stable")]
