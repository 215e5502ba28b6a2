"""Training graph networks: it learns, a seed repeats it, the best is kept, and what is scored is what is deployed."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.graph import karate
from engine.graph.blocks import blocks
from engine.graph.model import GraphModel
from engine.graph.recipes import MODELS, recipe
from engine.graph.training import Trainer, chosen
from tests.graph import made


@pytest.fixture(scope="module")
def clusters():
    """Three groups with words and edges of their own."""
    rng = np.random.default_rng(0)
    graph = made.small(0, nodes=60, words=60)
    labels = rng.permutation(np.arange(60) % 3)
    words = rng.random((60, 60)) < np.where(np.arange(60) % 3 == labels[:, None], 0.3, 0.05)
    pairs = np.array(
        [(i, j) for i in range(60) for j in range(i) if rng.random() < (0.15 if labels[i] == labels[j] else 0.01)]
    ).T
    features = made.sp.csr_array(words.astype(np.float32))
    return made.replace(graph, features=features, labels=labels, edges=made.undirected(pairs))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_learns_and_repeats(clusters, name):
    found = replace(recipe(name, 16), epochs=60, rate=0.02, decay=0.0)
    runs = [[one for one in Trainer(clusters, found).run(3) if one] for _ in range(2)]
    best = chosen(runs[0])
    assert best.accuracies["test"] > 0.6
    assert best.validation == min(one.validation for one in runs[0])
    np.testing.assert_array_equal(best.predictions, chosen(runs[1]).predictions)
    assert [one.loss for one in runs[0]] == [one.loss for one in runs[1]]


def test_without_validation_the_last_is_kept():
    trainer = Trainer(karate.load(), replace(recipe("gcn", 8), epochs=30))
    scored = [one for one in trainer.run(0) if one]
    assert chosen(scored) is scored[-1]
    assert math.isinf(scored[-1].validation)
    assert set(scored[-1].accuracies) == {"training", "test"}


def test_dropout_of_signs_has_the_spread_that_its_noise_stands_for():
    """The sums of many draws of true dropout, against the sums with noise: the same mean and spread."""
    graph, found = made.small(0, words=400), recipe("bi-gcn", 6)
    model, rng = GraphModel(found, 400, 3, np.random.default_rng(0)), np.random.default_rng(1)
    trainer = Trainer(graph, found)
    signs = trainer.given.signs.others.toarray() + trainer.given.signs.common
    weights = np.where(model.parameters["layer0.latent"].detach().numpy() >= 0, 1, -1)
    gains = np.abs(model.parameters["layer0.latent"].detach().numpy()).mean(1) * trainer.given.signs.scale[:, None]
    kept = (rng.random((400, *signs.shape)) >= found.dropout) / (1 - found.dropout)
    true = np.einsum("dnw,hw->dnh", kept * signs, weights) * gains
    with torch.no_grad():
        noise = torch.from_numpy(rng.standard_normal((400, graph.nodes, 6), np.float32))
        ours = np.stack([model.products(trainer.given.signs, one).numpy() for one in noise])
    np.testing.assert_allclose(ours.std(0).mean(), true.std(0).mean(), rtol=0.01)
    np.testing.assert_allclose(ours.mean(0), true.mean(0), atol=5 * true.std() / 20)


def test_blocks_hold_what_is_in_reach_and_no_more():
    graph = made.small(1, nodes=200)
    trainer = Trainer(graph, recipe("bi-sage", 4))
    nodes, made_blocks = blocks(trainer.given.matrix, graph.train)
    reach = set(graph.train.tolist())
    for _ in range(2):
        reach |= {int(b) for a, b in np.concatenate([graph.edges, graph.edges[::-1]], 1).T if int(a) in reach}
    assert set(nodes.tolist()) == reach
    assert made_blocks[1].matrix.shape[0] == graph.train.size


def test_a_falling_rate_is_whole_at_the_first_step_and_not_yet_nothing_at_the_last(clusters):
    trainer = Trainer(clusters, replace(recipe("sign-gcn", 8), epochs=4, rate=0.1))
    assert [trainer._rate(epoch) for epoch in (1, 3)] == pytest.approx([0.1, 0.05])
    assert trainer._rate(4) > 0
