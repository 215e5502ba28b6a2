"""A packed network whose stored weights have failed: the same operations with some of their bits flipped."""

from __future__ import annotations

from dataclasses import replace

from engine.faults.masks import failing, flipped
from engine.inference.network import Conv, Operation, PackedNetwork, Product
from engine.streams import stream


def broken(network: PackedNetwork, rates: tuple[float, ...], seed: int, draw: int) -> PackedNetwork:
    """The network with each bit of layer i's weights flipped by itself with probability rates[i]. Raises BadInput."""
    operations: list[Operation] = []
    layer = 0
    for operation in network.operations:
        if isinstance(operation, Product):
            operation = _with_flips(operation, rates[layer], seed, draw, layer)
            layer += 1
        operations.append(operation)
    return replace(network, operations=tuple(operations))


def _with_flips(product: Product, rate: float, seed: int, draw: int, layer: int) -> Product:
    bits = product.channels if isinstance(product, Conv) else product.inputs
    cells = failing(stream("faults", seed, draw, layer), product.outputs * product.inputs, rate)
    return replace(product, weights=flipped(product.weights, bits, cells))
