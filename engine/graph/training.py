"""Training a graph network: full-batch Adam by a recipe, scored as deployed, the best kept by its validation loss."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from numpy.typing import NDArray

from engine.bits import Words
from engine.config import RunConfig
from engine.graph.bags import Bags
from engine.graph.blocks import blocks
from engine.graph.graphs import Graph
from engine.graph.model import GraphModel
from engine.graph.networks import BitNetwork, FloatNetwork, Inputs, Values, inputs
from engine.graph.recipes import Recipe
from engine.inference.backend import Backend, best
from engine.streams import stream
from engine.training import optim
from engine.training.optim.adam import Adam
from engine.training.steppers import Arrays

SCORES = 100
"""How often a run is scored, about."""


@dataclass(frozen=True, eq=False)
class Scored:
    """A network during its training, scored as it would be deployed.

    epoch: after so many of `epochs`. loss: of the training step. accuracies: 0..1 by the split's names, of those parts
    that have nodes. validation: mean cross-entropy, inf without validation nodes. predictions: int64 [nodes].
    network: what was scored. codes: of a binary one, uint64 [nodes, …]; embeddings: of a float one, float32
    [nodes, hidden].
    """

    epoch: int
    epochs: int
    loss: float
    accuracies: dict[str, float]
    validation: float
    predictions: NDArray[np.int64]
    network: BitNetwork | FloatNetwork
    codes: Words
    embeddings: Values


class Trainer:
    """Trains networks by one recipe on one graph: what no seed changes is made once."""

    def __init__(self, graph: Graph, recipe: Recipe) -> None:
        self.graph, self.recipe = graph, recipe
        self.given: Inputs = inputs(graph, sage=recipe.sage)
        self.backend: Backend = best("xnor")
        needed, self._blocks = blocks(self.given.matrix, graph.train)
        self._words = self.given.signs.of(needed) if recipe.binary else sp.csr_array(self.given.words[needed])
        self._targets = torch.from_numpy(graph.labels[graph.train])
        self._every = max(1, recipe.epochs // SCORES)

    def run(self, seed: int) -> Iterator[Scored | None]:
        """Train from this seed; yields a Scored about SCORES times and after the last step, None after the others."""
        recipe, graph = self.recipe, self.graph
        model = GraphModel(recipe, graph.words, graph.classes, stream("graph weights", seed))
        optimizer = Adam(model.parameters, _moments(model))
        for epoch in range(1, recipe.epochs + 1):
            loss = self._step(model, optimizer, epoch, stream("graph dropout", seed, epoch))
            due = epoch % self._every == 0 or epoch == recipe.epochs
            yield self._scored(model, epoch, loss) if due else None

    def _step(self, model: GraphModel, optimizer: Adam, epoch: int, rng: np.random.Generator) -> float:
        """One step of all training nodes; its loss."""
        recipe, (first, second) = self.recipe, self._blocks
        noise, words = None, self._words
        if isinstance(words, Bags):
            rows = (words.scale.size, model.parameters["layer0.latent"].shape[0])
            noise = torch.from_numpy(rng.standard_normal(rows, np.float32)) if recipe.dropout else None
        else:
            words = sp.csr_array(
                (words.data * self._kept(rng, words.data.shape), words.indices, words.indptr), words.shape
            )
        values = model.hidden(model.products(words, noise), first)
        kept = torch.from_numpy(self._kept(rng, tuple(values.shape)))
        loss = F.cross_entropy(model.scores(values, second, kept), self._targets)
        names = list(model.parameters)
        found = torch.autograd.grad(loss, list(model.parameters.values()))
        gradients = {name: one.contiguous() for name, one in zip(names, found, strict=True)}  # as the fused Adam reads
        with torch.no_grad():
            for name in names if recipe.deep else ("layer0.latent",):
                gradients[name].add_(model.parameters[name], alpha=recipe.decay)
            optimizer.step(gradients, self._rate(epoch), _SETTINGS)
        return loss.item()

    def _kept(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
        """What dropout leaves, made up for."""
        p = self.recipe.dropout
        return (rng.random(shape, np.float32) >= p).astype(np.float32) / np.float32(1 - p)

    def _rate(self, epoch: int) -> float:
        """Of the step of this epoch, from 1: the whole rate at the first."""
        if not self.recipe.falls:
            return self.recipe.rate
        return self.recipe.rate * (1 + math.cos(math.pi * (epoch - 1) / self.recipe.epochs)) / 2

    def _scored(self, model: GraphModel, epoch: int, loss: float) -> Scored:
        graph, network = self.graph, self._deployed(model)
        codes, embeddings = np.empty((0, 0), np.uint64), np.empty((0, 0), np.float32)
        if isinstance(network, BitNetwork):
            codes, scores = network.program(self.backend).run(self.given)
        else:
            embeddings, scores = network.run(self.given)
        predictions = scores.argmax(1)
        right = predictions == graph.labels
        known = torch.from_numpy(graph.val)
        validation = F.cross_entropy(torch.from_numpy(scores)[known], torch.from_numpy(graph.labels)[known]).item()
        return Scored(
            epoch=epoch,
            epochs=self.recipe.epochs,
            loss=loss,
            accuracies={name: float(right[nodes].mean()) for name, nodes in graph.parts().items() if nodes.size},
            validation=validation if graph.val.size else math.inf,
            predictions=predictions,
            network=network,
            codes=codes,
            embeddings=embeddings,
        )

    def _deployed(self, model: GraphModel) -> BitNetwork | FloatNetwork:
        """The network of this moment; batch-norm's statistics are those of the whole graph."""
        zeros = np.zeros(self.recipe.hidden, np.float32)
        network = model.deployed(zeros, zeros + 1)
        if not isinstance(network, BitNetwork) or network.scaled:
            return network
        plain = replace(network, hidden=replace(network.hidden, factor=zeros + 1, shift=zeros))
        values = plain.program(self.backend).before_sign(self.given)
        return model.deployed(values.mean(axis=0), values.var(axis=0))


def chosen(scored: Iterable[Scored | None]) -> Scored:
    """The one of a run that is kept: of the lowest validation loss, the last where there is no validation."""
    found = [one for one in scored if one is not None]
    return min(reversed(found), key=lambda one: one.validation)


_SETTINGS = RunConfig()
"""The engine's optimizers are handed a run's settings, of which Adam needs none."""


def _moments(model: GraphModel) -> Arrays:
    arrays = {name: tensor.detach().numpy() for name, tensor in model.parameters.items()}
    return optim.initial(_SETTINGS, arrays)
