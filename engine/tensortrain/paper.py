"""The arithmetic of "Tensorizing Neural Networks" (arXiv 1509.06569), done again: shapes named there, and VGG."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from engine.tensortrain import costs
from engine.tensortrain.modes import Factors, Modes


@dataclass(frozen=True)
class Named:
    """A layer without weights of its own: inputs, outputs, and factorisations, the first the usual one."""

    title: str
    outputs: int
    inputs: int
    modes: tuple[Modes, ...]


FC6 = Named("VGG fc6", 4096, 25088, (Modes((4,) * 6, (2, 7, 8, 8, 7, 4)),))
FC7 = Named("VGG fc7", 4096, 4096, (Modes((4,) * 6, (4,) * 6),))
MNIST = Named("MNIST", 1024, 1024, (Modes((4,) * 5, (4,) * 5), Modes((4, 8, 8, 4), (4, 8, 8, 4))))
NAMED = {"vgg-fc6": FC6, "vgg-fc7": FC7, "mnist-1024": MNIST}
"""By the names that commands know them by."""

_BLOCKS = {"VGG-16": (2, 2, 3, 3, 3), "VGG-19": (2, 2, 4, 4, 4)}
"""Convolutions of 3x3 in each block (Simonyan and Zisserman 2015, arXiv 1409.1556, configurations D and E)."""
_WIDTHS = (64, 128, 256, 512, 512)
_DENSE = (25088, 4096, 4096, 1000)


def vgg(name: str) -> int:
    """Parameters of a VGG network, biases included."""
    channels = [3]
    for width, count in zip(_WIDTHS, _BLOCKS[name], strict=True):
        channels += [width] * count
    convolutions = sum(9 * a * b + b for a, b in pairwise(channels))
    return convolutions + sum(a * b + b for a, b in pairwise(_DENSE))


@dataclass(frozen=True)
class Row:
    """One way to store the first dense layers of VGG: its name in the paper, and the ranks of fc6 and fc7.

    ranks: of trains, or where `train` is false of matrices; None for a layer that stays dense.
    """

    name: str
    ranks: tuple[int | None, int | None]
    train: bool = True

    @property
    def parameters(self) -> tuple[int, int]:
        """Of what is replaced, before and after."""
        replaced = [(layer, rank) for layer, rank in zip((FC6, FC7), self.ranks, strict=True) if rank is not None]
        before = sum(layer.outputs * layer.inputs for layer, _ in replaced)
        return before, sum(_parameters(layer, rank, self.train) for layer, rank in replaced)

    @property
    def layer_factor(self) -> float:
        """How many times fewer parameters the replaced layers have."""
        before, after = self.parameters
        return before / after if after else 1.0

    def network_factor(self, name: str) -> float:
        """The same of a whole network."""
        before, after = self.parameters
        return vgg(name) / (vgg(name) - before + after)


ROWS = (
    Row("FC", (None, None)),
    Row("TT4", (4, None)),
    Row("TT2", (2, None)),
    Row("TT1", (1, None)),
    Row("TT4 TT4", (4, 4)),
    Row("MR1", (1, None), train=False),
    Row("MR5", (5, None), train=False),
    Row("MR50", (50, None), train=False),
)
"""The rows of the paper's table on VGG."""


def _parameters(layer: Named, rank: int, train: bool) -> int:
    if not train:
        return costs.low_rank(layer.outputs, layer.inputs, rank).parameters
    modes = layer.modes[0]
    return costs.train(modes, modes.bonds([rank])).parameters


def parameters(modes: Modes, rank: int) -> Factors:
    """Of each core of a train at one rank."""
    bonds = modes.bonds([rank])
    return tuple(size * a * b for size, (a, b) in zip(modes.sizes, pairwise(bonds), strict=True))
