"""A network that wears while it is used: at a growing rate more and more of the same bits are broken."""

from __future__ import annotations

import math

import numpy as np

from engine.bits import Words, pack, unpack
from engine.errors import BadInput
from engine.faults.masks import Cells, nested
from engine.faults.memories import row_bits, weights
from engine.inference.network import Conv, PackedNetwork, Product
from engine.messages import Wear, Worn
from engine.streams import stream

SEED = 0


def cells(network: PackedNetwork, rate: float) -> list[Cells]:
    """The weights that are broken in each layer, by their number row by row."""
    return [nested(stream("wear", SEED, index), weights(each), rate) for index, each in enumerate(network.layers())]


def told(command: Wear, network: PackedNetwork) -> Worn:
    """What is broken of a network, and one layer of it to look at. Raises BadInput for a layer that it has not."""
    layers, wrong = list(network.layers()), cells(network, command.rate)
    if not 0 <= command.layer < len(layers):
        raise BadInput(f"The network has no layer {command.layer + 1}.", f"Choose 1 to {len(layers)}.")
    shown = layers[command.layer]
    flips = np.zeros(weights(shown), np.bool_)
    flips[wrong[command.layer]] = True
    return Worn(
        command.key,
        command.rate,
        command.layer,
        _rows(shown),
        pack(flips.reshape(shown.outputs, shown.inputs)),
        _picture(network, command.layer, shown),
        tuple((each.size, weights(layer)) for each, layer in zip(wrong, layers, strict=True)),
    )


def _rows(product: Product) -> Words:
    """Weights [outputs, W] without padding between the pixels of a kernel."""
    signs = unpack(product.weights, row_bits(product))
    return pack(signs.reshape(product.outputs, product.inputs))


def _picture(network: PackedNetwork, layer: int, product: Product) -> tuple[int, int, int]:
    """The weights of an output as a picture: as the image or the kernel lies, or as near to a square as they go."""
    if isinstance(product, Conv):
        return (product.kernel, product.kernel, product.channels)
    if layer == 0:
        return network.metadata.input_shape
    height = next(side for side in range(math.isqrt(product.inputs), 0, -1) if product.inputs % side == 0)
    return (height, product.inputs // height, 1)
