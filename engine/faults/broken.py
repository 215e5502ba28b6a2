"""A packed network with some of its stored weight bits flipped: the same operations on other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.faults.masks import Cells, flipped
from engine.inference.network import Conv, PackedNetwork, Product


def broken(network: PackedNetwork, cells: Sequence[Cells]) -> PackedNetwork:
    """The network with weights of each layer flipped, by their number row by row, each at most once."""
    left = iter(cells)
    operations = (_flipped(each, next(left)) if isinstance(each, Product) else each for each in network.operations)
    return replace(network, operations=tuple(operations))


def _flipped(product: Product, cells: Cells) -> Product:
    bits = product.channels if isinstance(product, Conv) else product.inputs
    return replace(product, weights=flipped(product.weights, bits, cells))
