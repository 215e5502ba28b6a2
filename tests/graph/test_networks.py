"""Deployed graph networks against plain loops and against torch: sums exact, scores within 1e-5, on every backend."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bits import pack, unpack
from engine.graph.bags import bags
from engine.graph.blocks import blocks
from engine.graph.graphs import neighbour_mean, normalised
from engine.graph.model import GraphModel
from engine.graph.networks import inputs
from engine.graph.recipes import BINARY_MODELS, MODELS, recipe
from engine.inference.backend import best, ready
from tests.graph import made

SHAPES = st.tuples(st.integers(14, 70), st.integers(1, 130), st.integers(1, 70), st.integers(0, 99))


def whole(model, graph, given_):
    """Torch's own pass over the whole graph: products of the first layer, hidden values, scores."""
    nodes, (first, second) = blocks(given_.matrix, np.arange(graph.nodes))
    assert nodes.size == graph.nodes
    with torch.no_grad():
        products = model.products(given_.signs if model.recipe.binary else given_.words)
        hidden = model.hidden(products, first)
        return products.numpy(), hidden.numpy(), model.scores(hidden, second).numpy()


def made_model(name, graph, hidden, seed=0):
    rng = np.random.default_rng(seed)
    model = GraphModel(recipe(name, hidden), graph.words, graph.classes, rng)
    with torch.no_grad():
        for key, tensor in model.parameters.items():
            if not key.endswith("latent"):
                tensor += torch.from_numpy(rng.normal(0, 0.1, tensor.shape).astype(np.float32))
    return model


@pytest.mark.parametrize("numbers", [False, True])
def test_bags_are_the_signs_of_normalised_columns(numbers):
    features = made.small(words=130, numbers=numbers).features
    dense = features.toarray().astype(np.float64)
    normal = (dense - dense.mean(0)) / np.sqrt(dense.var(0) + 1e-5)
    found = bags(features)
    np.testing.assert_array_equal(unpack(found.packed(), 130), normal >= 0)
    np.testing.assert_allclose(found.scale, np.abs(normal).mean(1), rtol=1e-5)
    some = np.array([3, 1])
    np.testing.assert_array_equal(found.of(some).packed(), found.packed()[some])


def test_the_matrices_by_hand():
    graph = made.small()
    near = np.zeros((graph.nodes, graph.nodes))
    near[graph.edges[0], graph.edges[1]] = near[graph.edges[1], graph.edges[0]] = 1
    looped = near + np.eye(graph.nodes)
    root = np.sqrt(looped.sum(1))
    np.testing.assert_allclose(normalised(graph).toarray(), looped / root / root[:, None], rtol=1e-6)
    np.testing.assert_allclose(neighbour_mean(graph).toarray(), near / np.maximum(near.sum(1), 1)[:, None], rtol=1e-6)


@pytest.mark.parametrize("name", ["gcn", "sage", "bi-gcn", "bi-sage"])
def test_training_nodes_are_given_what_the_whole_graph_gives(name):
    graph = made.small(3, nodes=60)
    taken, model = inputs(graph, sage=MODELS[name].sage), made_model(name, graph, 5)
    _, _, scores = whole(model, graph, taken)
    nodes, (first, second) = blocks(taken.matrix, graph.train)
    words = taken.signs.of(nodes) if model.recipe.binary else taken.words[nodes]
    with torch.no_grad():
        here = model.scores(model.hidden(model.products(words), first), second).numpy()
    np.testing.assert_allclose(here, scores[graph.train], atol=1e-6)


@pytest.mark.parametrize("backend", ready("xnor") + ready("oracle"), ids=lambda one: one.name)
@pytest.mark.parametrize("name", BINARY_MODELS)
@settings(max_examples=8, deadline=None)
@given(shape=SHAPES)
def test_packed_networks_are_torchs(name, backend, shape):
    nodes, words, hidden, seed = shape
    graph = made.small(seed, nodes, words)
    taken, model = inputs(graph, sage=MODELS[name].sage), made_model(name, graph, hidden, seed)
    products, values, scores = whole(model, graph, taken)
    gamma, beta = model.parameters.get("layer0.gamma"), model.parameters["layer0.bias"].detach().numpy()
    mean, variance = np.zeros(hidden, np.float32), np.ones(hidden, np.float32)
    if gamma is not None:
        plain = model.deployed(mean, variance).program(backend)
        raw = (plain.before_sign(taken) - beta) / (gamma.detach().numpy() / np.sqrt(np.float32(1 + 1e-5)))
        mean, variance = raw.mean(0), raw.var(0)
    network = model.deployed(mean, variance)
    signs = np.where(taken.signs.others.toarray() + taken.signs.common > 0, 1, -1)
    weights = np.where(unpack(network.hidden.weights, words), 1, -1)
    sums = backend.matmul(taken.bits, network.hidden.weights, words)
    np.testing.assert_array_equal(sums, signs @ weights.T)
    gains = network.hidden.gains * (taken.signs.scale[:, None] if network.scaled else 1)
    np.testing.assert_allclose(products, sums * gains, rtol=1e-6, atol=1e-6)
    program = network.program(backend)
    before = program.before_sign(taken)
    np.testing.assert_allclose(before, values, atol=1e-4)
    code, found = program.run(taken)
    np.testing.assert_array_equal(code, pack(before >= 0))
    sure = (np.abs(values) > 1e-4).all()  # a value at zero may have either sign, by the last bit of a sum
    if sure:
        np.testing.assert_allclose(found, scores, atol=1e-5)


@pytest.mark.parametrize("name", ["gcn", "sage"])
def test_float_networks_are_torchs_in_any_form_of_words(name):
    graph = made.small(5)
    taken, model = inputs(graph, sage=name == "sage"), made_model(name, graph, 9)
    _, hidden, scores = whole(model, graph, taken)
    network = model.deployed(np.zeros(9, np.float32), np.ones(9, np.float32))
    for words in (None, taken.words.toarray()):
        embedded, found = network.run(taken, words)
        np.testing.assert_allclose(found, scores, atol=1e-5)
        np.testing.assert_allclose(embedded, np.maximum(hidden, 0), atol=1e-5)


def test_a_layer_by_hand():
    """One node hears of another: every number of a scaled network written out."""
    graph = made.small(7)
    taken, model = inputs(graph, sage=True), made_model("bi-sage", graph, 4)
    network = model.deployed(np.zeros(4, np.float32), np.ones(4, np.float32))
    latent = model.parameters["layer0.latent"].detach().numpy().astype(np.float64)
    alpha, signs = np.abs(latent).mean(1), np.where(latent >= 0, 1, -1)
    bags_of = np.where(unpack(taken.bits, graph.words), 1, -1) * taken.signs.scale[:, None].astype(np.float64)
    products = bags_of @ (signs.T * alpha)
    heard = neighbour_mean(graph).toarray() @ products[:, :4] + products[:, 4:]
    hidden = heard + model.parameters["layer0.bias"].detach().numpy()
    np.testing.assert_allclose(network.program(best("xnor")).before_sign(taken), hidden, atol=1e-5)
