"""The graph lab's run: the graph and its layout, training from every seed, costs, retrieval, code lengths."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from engine import messages as m
from engine.graph import costs, retrieval, sources
from engine.graph.graphs import Graph
from engine.graph.layout import STEPS, layout
from engine.graph.networks import BitNetwork, FloatNetwork
from engine.graph.recipes import TITLES, Recipe, recipe
from engine.graph.training import Scored, Trainer, chosen
from engine.labs.graph import (
    PARTS,
    GraphCosts,
    GraphEpoch,
    GraphLength,
    GraphPlaces,
    GraphRetrieval,
    GraphSeed,
    GraphShape,
    RunGraph,
    Series,
)
from engine.worker import Run

SHOWN = 10
"""A layout under way is shown after every so many steps."""


def experiment(request: RunGraph) -> Run:
    """What RunGraph asks for. Raises FlipscopeError."""
    torch.set_num_threads(1)  # quicker for products so small, and the same figures whatever the number of cores
    graph = sources.load(request.data)
    yield _shape(graph)
    if request.layout:
        yield from _places(graph)
    work = _Work(request, graph)
    for series, model in request.series.items():
        yield from work.seeds(series, model)
    yield from work.measures()
    for bits in request.lengths:
        yield from work.length(bits)


def _shape(graph: Graph) -> GraphShape:
    part = np.zeros(graph.nodes, np.int8)
    for name, nodes in graph.parts().items():
        part[nodes] = PARTS.index(name)
    labels = graph.labels.astype(np.int16)
    return GraphShape(graph.title, graph.words, graph.edges, labels, part, graph.class_names)


def _places(graph: Graph) -> Run:
    for step, places in enumerate(layout(graph), 1):
        if step % SHOWN == 0:
            yield m.Progress("job", "Placing the nodes")
            yield GraphPlaces(places, final=step == STEPS)
        else:
            yield None


@dataclass(frozen=True, eq=False)
class _Kept:
    """The first seed's network of a series, and who trained it."""

    trainer: Trainer
    scored: Scored


class _Work:
    """Trains what is asked for, and knows how much of it is done."""

    def __init__(self, request: RunGraph, graph: Graph) -> None:
        self._request, self._graph = request, graph
        self._kept: dict[Series, _Kept] = {}
        recipes = [self._recipe(model, request.bits) for model in request.series.values()]
        recipes += [self._recipe(request.model, bits) for bits in request.lengths]
        self._all = float(sum(request.seeds * _effort(one) for one in recipes))
        self._done = 0.0

    def seeds(self, series: Series, model: str) -> Run:
        """Train a model from every seed, the first one in sight."""
        trainer = Trainer(self._graph, self._recipe(model, self._request.bits))
        for seed in range(self._request.seeds):
            began, found = time.thread_time(), []
            for scored in self._trained(trainer, seed, TITLES[model]):
                if isinstance(scored, Scored):
                    found.append(scored)
                    yield _epoch(series, scored) if seed == 0 else None
                else:
                    yield scored
            one = chosen(found)
            if seed == 0:
                self._kept[series] = _Kept(trainer, one)
                yield replace(_epoch(series, one), final=True)
            validation, spent = one.accuracies.get("validation"), time.thread_time() - began
            yield GraphSeed(series, model, seed, one.accuracies["test"], validation, one.epoch, spent)

    def length(self, bits: int) -> Run:
        """Train codes of so many bits from every seed."""
        model = self._request.model
        trainer = Trainer(self._graph, self._recipe(model, bits))
        kept = []
        for seed in range(self._request.seeds):
            found = []
            for scored in self._trained(trainer, seed, f"{TITLES[model]}, {bits} bits"):
                if isinstance(scored, Scored):
                    found.append(scored)
                yield scored if isinstance(scored, m.Progress) else None
            kept.append(chosen(found))
        found_by = retrieval.hamming(kept[0].codes, bits, trainer.backend)
        accuracies = np.array([one.accuracies["test"] for one in kept])
        yield GraphLength(bits, accuracies, retrieval.precision(self._graph, found_by))

    def measures(self) -> Run:
        """Costs against the float twin, and retrieval."""
        own, twin = self._kept["network"], self._kept.get("twin")
        yield m.Progress("job", "Measuring memory, time and retrieval", self._share)
        network, backend = own.scored.network, own.trainer.backend
        if twin is not None and isinstance(network, BitNetwork) and isinstance(twin.scored.network, FloatNetwork):
            floats, given = twin.scored.network, own.trainer.given
            for seconds in costs.times(network, floats, given, backend):
                if seconds is not None:
                    yield GraphCosts(costs.memory(network, floats, given), seconds, backend.name)
                else:
                    yield None
        shares = {}
        for name, likeness in self._likenesses():
            shares[name] = retrieval.precision(self._graph, likeness)
            yield None
        yield GraphRetrieval(retrieval.NEAREST, shares)

    def _likenesses(self) -> Iterator[tuple[str, retrieval.Likeness]]:
        """What nodes are compared by, with its name for people."""
        first = self._kept["network"].trainer
        yield "bags of words", retrieval.hamming(first.given.bits, self._graph.words, first.backend)
        for kept in self._kept.values():
            if isinstance(kept.scored.network, BitNetwork):
                bits = kept.trainer.recipe.hidden
                yield f"codes of {bits} bits", retrieval.hamming(kept.scored.codes, bits, kept.trainer.backend)
            else:
                yield f"{kept.trainer.recipe.hidden} floats", retrieval.cosine(kept.scored.embeddings)

    def _trained(self, trainer: Trainer, seed: int, title: str) -> Iterator[Scored | m.Progress | None]:
        """A training run; says now and then how far all of them are."""
        done = self._done
        for scored in trainer.run(seed):
            if scored is not None:
                self._done = done + _effort(trainer.recipe) * scored.epoch / scored.epochs
                doing = f"{title}, seed {seed + 1} of {self._request.seeds}"
                yield m.Progress("job", doing, self._share)
            yield scored

    @property
    def _share(self) -> float:
        return min(1.0, self._done / self._all)

    def _recipe(self, model: str, bits: int) -> Recipe:
        found = recipe(model, bits)
        return replace(found, epochs=self._request.epochs) if self._request.epochs else found


def _effort(one: Recipe) -> float:
    """How long a training takes, in proportion."""
    return one.epochs * (32 + one.hidden)


def _epoch(series: Series, scored: Scored) -> GraphEpoch:
    return GraphEpoch(
        series=series,
        epoch=scored.epoch,
        epochs=scored.epochs,
        loss=scored.loss,
        accuracies=scored.accuracies,
        predictions=scored.predictions.astype(np.int16),
        code=scored.codes if isinstance(scored.network, BitNetwork) else None,
    )
