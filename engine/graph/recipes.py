"""How each graph network is trained: its settings, by name. Without torch, for the window."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.errors import UnknownName


@dataclass(frozen=True)
class Recipe:
    """Full-batch training of two layers by Adam.

    Attributes:
        sage: GraphSAGE with mean, else GCN. binary: weights and embeddings are of one bit.
        scaled: the scales of Bi-GCN; else signs alone, with batch-norm before the sign.
        hidden: units between the layers; of a binary network the bits of a code.
        epochs, rate: steps, and Adam's learning rate. falls: the rate falls along a cosine.
        decay: L2 of the weights, added to their gradients; deep: of both layers, else of the first.
        dropout: share of inputs of each layer that are left out.
    """

    sage: bool = False
    binary: bool = False
    scaled: bool = True
    hidden: int = 64
    epochs: int = 200
    rate: float = 0.01
    falls: bool = False
    decay: float = 5e-4
    deep: bool = False
    dropout: float = 0.5


FLOAT = Recipe()
"""Kipf and Welling 2017 (arXiv 1609.02907), section 5.2, with as many hidden units as the code has bits."""
BINARY = Recipe(binary=True, epochs=1000, rate=1e-3, deep=True, dropout=0.4)
"""Wang et al. 2021, "Bi-GCN" (CVPR), as their code has it."""
BINARY_SAGE = replace(BINARY, sage=True, rate=2e-3, dropout=0.6)
"""The same for GraphSAGE. What a node gets of its own words no neighbours even out; dropout's noise they do, so that
more of it makes the network listen to them. docs/graph.md has the figures."""
SIGNS = replace(BINARY, scaled=False, epochs=400, rate=1e-3, falls=True, decay=0.0, deep=False)
"""Signs alone, in the spirit of Wang et al. 2021, "Binarized Graph Neural Network" (arXiv 2004.11147)."""

MODELS = {
    "gcn": FLOAT,
    "sage": replace(FLOAT, sage=True),
    "bi-gcn": BINARY,
    "bi-sage": BINARY_SAGE,
    "sign-gcn": SIGNS,
    "sign-sage": replace(SIGNS, sage=True),
}
TITLES = {
    "gcn": "GCN",
    "sage": "GraphSAGE",
    "bi-gcn": "Bi-GCN",
    "bi-sage": "Bi-GraphSAGE",
    "sign-gcn": "GCN, signs alone",
    "sign-sage": "GraphSAGE, signs alone",
}
BINARY_MODELS = tuple(name for name, recipe in MODELS.items() if recipe.binary)


def recipe(model: str, hidden: int) -> Recipe:
    """The recipe of a model. Raises UnknownName."""
    if model not in MODELS:
        raise UnknownName("graph network", model, MODELS)
    return replace(MODELS[model], hidden=hidden)


def float_twin(model: str) -> str:
    """The float model that a binary one is held against."""
    return "sage" if MODELS[model].sage else "gcn"
