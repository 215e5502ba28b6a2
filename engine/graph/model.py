"""Graph networks in torch: two layers on canonical arrays, binarized by the engine's quantizers, or in float."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from numpy.typing import NDArray
from torch import Tensor

from engine.bits import pack
from engine.graph.bags import Bags
from engine.graph.blocks import Block
from engine.graph.networks import BitLayer, BitNetwork, FloatLayer, FloatNetwork, Values
from engine.graph.recipes import Recipe
from engine.training.quantize import binarize, mean_magnitude, sign
from engine.training.steppers import Arrays

EPSILON = 1e-5


class _Gather(torch.autograd.Function):
    """A constant sparse matrix times a dense one, by scipy: the very product that deployment makes."""

    @staticmethod
    def forward(ctx: Any, matrix: sp.csr_array, x: Tensor) -> Tensor:
        ctx.matrix = matrix
        return torch.from_numpy(matrix @ x.numpy())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, torch.from_numpy(ctx.matrix.T @ gradients[0].contiguous().numpy())


def gather(matrix: sp.csr_array, x: Tensor) -> Tensor:
    """matrix [M, N] times x float32 [N, K]."""
    made: Tensor = _Gather.apply(matrix, x.contiguous())
    return made


class GraphModel:
    """The parameters of a network of two layers and its passes, in float32.

    Attributes:
        parameters: by canonical name: layerN.latent [rows, inputs] (rows as in networks.BitLayer), layerN.bias
            [outputs], and with signs alone layer0.gamma [hidden].
    """

    def __init__(self, recipe: Recipe, words: int, classes: int, rng: np.random.Generator) -> None:
        self.recipe = recipe
        self._outputs = (recipe.hidden, classes)
        self.parameters = {
            name: torch.from_numpy(array).requires_grad_()
            for name, array in _initial(recipe, words, classes, rng).items()
        }

    def products(self, words: Bags | sp.csr_array, noise: Tensor | None = None) -> Tensor:
        """The first layer's products [nodes, rows]: of bags, or of float words, which dropout has seen already.

        noise: standard normal [nodes, rows], what dropout makes of a binary layer's sums. Its inputs are all of one
        magnitude, as are a row's weights: leaving out a share p of so many terms and making up for it adds to the sum
        a spread of sqrt(terms p / (1 - p)), and by the central limit theorem a normal one (Wang and Manning, "Fast
        dropout training", 2013). Without zeros in it the sum of a sparse bag takes no dense product.
        """
        latent = self.parameters["layer0.latent"]
        if not isinstance(words, Bags):
            return gather(words, latent.t())
        weights = binarize(latent)
        sums = gather(words.others, weights.t()) + torch.from_numpy(words.common) @ weights.t()
        if noise is not None:
            p = self.recipe.dropout
            sums = sums + noise * math.sqrt(latent.shape[1] * p / (1 - p))
        if not self.recipe.scaled:
            return sums
        return sums * mean_magnitude(latent) * torch.from_numpy(words.scale)[:, None]

    def hidden(self, products: Tensor, block: Block) -> Tensor:
        """What the first layer hands on before its sign or ReLU, [asked, hidden]."""
        values = self._heard(products, block, 0)
        if not self.recipe.binary or self.recipe.scaled:
            return values + self.parameters["layer0.bias"]
        gamma, beta = self.parameters["layer0.gamma"], self.parameters["layer0.bias"]
        return F.batch_norm(values, None, None, gamma, beta, training=True, eps=EPSILON)

    def scores(self, values: Tensor, block: Block, kept: Tensor | None = None) -> Tensor:
        """The second layer's scores [asked, classes]. kept: what dropout leaves of its inputs, made up for."""
        latent = self.parameters["layer1.latent"]
        if not self.recipe.binary:
            embedded = F.relu(values)
            products = F.linear(embedded if kept is None else embedded * kept, latent)
        elif self.recipe.scaled:
            products = _scaled_products(_scaled_signs(values), latent, kept)
        else:
            code = binarize(values)
            products = F.linear(code if kept is None else code * kept, binarize(latent)) * common_gain(latent.shape[1])
        return self._heard(products, block, 1) + self.parameters["layer1.bias"]

    def deployed(self, mean: Values, variance: Values) -> BitNetwork | FloatNetwork:
        """The network as it is now. mean, variance: float32 [hidden], of the hidden values, for signs alone."""
        with torch.no_grad():
            if not self.recipe.binary:
                layers = [
                    FloatLayer(np.ascontiguousarray(self._array(f"layer{i}.latent").T), self._array(f"layer{i}.bias"))
                    for i in (0, 1)
                ]
                return FloatNetwork(*layers)
            hidden, output = self._bit_layer(0), self._bit_layer(1)
            if not self.recipe.scaled:
                factor = self._array("layer0.gamma") / np.sqrt(variance + np.float32(EPSILON))
                hidden = replace(hidden, factor=factor, shift=hidden.shift - mean * factor)
            return BitNetwork(hidden, output, self.recipe.scaled)

    def _bit_layer(self, index: int) -> BitLayer:
        latent, shift = self.parameters[f"layer{index}.latent"], self._array(f"layer{index}.bias")
        rows, fan = latent.shape
        if self.recipe.scaled:
            gains = mean_magnitude(latent).numpy()
        else:
            gains = np.full(rows, common_gain(fan) if index else 1.0, np.float32)
        return BitLayer(pack((latent >= 0).numpy()), fan, gains, np.ones_like(shift), shift)

    def _array(self, name: str) -> NDArray[np.float32]:
        return self.parameters[name].detach().numpy().copy()

    def _heard(self, products: Tensor, block: Block, layer: int) -> Tensor:
        outputs = self._outputs[layer]
        heard = gather(block.matrix, products[:, :outputs])
        return heard + products[torch.from_numpy(block.own), outputs:] if self.recipe.sage else heard


def common_gain(fan: int) -> float:
    """The one scale of scores of signs alone: sums of `fan` random signs then spread by about 1."""
    return float(np.float32(1 / math.sqrt(fan)))


def _initial(recipe: Recipe, words: int, classes: int, rng: np.random.Generator) -> Arrays:
    """First weights: N(0, 1/inputs) as Bi-GCN has them, uniform after Glorot and Bengio in float."""
    arrays: Arrays = {}
    for index, (inputs, outputs) in enumerate(((words, recipe.hidden), (recipe.hidden, classes))):
        shape = (outputs * (2 if recipe.sage else 1), inputs)
        if recipe.binary:
            latent = rng.standard_normal(shape, np.float32) / np.float32(math.sqrt(inputs))
        else:
            latent = (2 * rng.random(shape, np.float32) - 1) * np.float32(math.sqrt(6 / (inputs + outputs)))
        arrays |= {f"layer{index}.latent": latent, f"layer{index}.bias": np.zeros(outputs, np.float32)}
    if recipe.binary and not recipe.scaled:
        arrays["layer0.gamma"] = np.ones(recipe.hidden, np.float32)
    return arrays


def _scaled_signs(values: Tensor) -> Tensor:
    """beta sign(values), beta the mean magnitude of each row.

    The gradient passes as if there were no beta, where |value| <= 1: so Bi-GCN's code has it.
    """
    signs = binarize(values)
    return signs + (signs * values.abs().mean(1, keepdim=True) - signs).detach()


def _scaled_products(x: Tensor, latent: Tensor, kept: Tensor | None) -> Tensor:
    """x times alpha sign(latent), alpha the mean magnitude of each row, with XNOR-Net's gradient for the latents.

    The gradient of x passes by the signs alone, as if there were no alpha: so Bi-GCN's code has it. With Adam that
    makes the first layer's gradients large against its weight decay; scaled, the decay of the recipe would be too much.
    """
    x = x if kept is None else x * kept
    products = F.linear(x.detach(), binarize(latent)) * mean_magnitude(latent)
    passing = F.linear(x, sign(latent.detach()))
    return products + (passing - passing.detach())
