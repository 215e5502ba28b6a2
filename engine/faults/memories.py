"""Networks in faulty memory: which cells hold them, what is stored there, what they answer with some cells wrong."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack, unpack
from engine.faults import secded
from engine.faults.broken import broken
from engine.faults.masks import Cells, bits_at, flip_bits, in_rows
from engine.inference.backend import Program, best
from engine.inference.flipping import FlippingProgram
from engine.inference.network import Conv, Operation, PackedNetwork, Product, Threshold
from engine.inference.rules import taken

Images = NDArray[np.generic]
Answers = NDArray[np.int64]

NO_ANSWER = -1
"""The answer where a score is not a number."""
NOTHING: Cells = np.empty(0, np.int64)


class Memory(Protocol):
    """A network whose stored values may be read wrong, and the images that it is asked about.

    cells: how many one-bit cells hold each layer.
    """

    cells: list[int]

    def stored(self, layer: int, cells: Cells) -> NDArray[np.bool_]:
        """Which of some cells of a layer hold a 1."""

    def flip(self, layer: int, cells: Cells) -> None:
        """Have some cells of a layer read wrong; each layer once since `restore`, each cell at most once."""

    def restore(self) -> None:
        """Have all cells read right again."""

    def answers(self, which: slice) -> Answers:
        """The class of some of the images, int64 [B]; NO_ANSWER where an image's scores are not numbers."""

    def another(self) -> Self:
        """One of the same network and images for another thread, whose cells are all read right."""


class PackedMemory:
    """One cell a weight of a packed network: its sign. Run by cpu-xnor, whose weights are flipped in place."""

    def __init__(self, network: PackedNetwork, images: Images) -> None:
        """images: as they come, or as the network takes them. Raises FlipscopeError where no kernels run here."""
        self._layers = list(network.layers())
        self._program = FlippingProgram(network, taken(network, images))
        self.cells = [weights(layer) for layer in self._layers]

    def stored(self, layer: int, cells: Cells) -> NDArray[np.bool_]:
        return signs_at(self._layers[layer], cells)

    def flip(self, layer: int, cells: Cells) -> None:
        self._program.flip(layer, cells)

    def restore(self) -> None:
        self._program.restore()

    def answers(self, which: slice) -> Answers:
        return classes(self._program.scores(which))

    def another(self) -> Self:
        made = copy.copy(self)
        made._program = self._program.another()
        return made


class RebuiltMemory:
    """The same by loading every broken network anew, on any backend; where asked, with the thresholds in cells too.

    The cells of a layer are its weights, then 32 for each of its thresholds.
    """

    def __init__(self, network: PackedNetwork, images: Images, *, thresholds: bool) -> None:
        self._sound = self._network = network
        self._images = taken(network, images)
        self._layers = list(network.layers())
        self._thresholds = [limits.view(np.uint32) for limits in _limits(network)]
        counts = [32 * limits.size if thresholds else 0 for limits in self._thresholds]
        self.cells = [weights(layer) + more for layer, more in zip(self._layers, counts, strict=True)]
        self._program: Program | None = None

    def stored(self, layer: int, cells: Cells) -> NDArray[np.bool_]:
        own, beyond = self._parted(layer, cells)
        return np.concatenate([signs_at(self._layers[layer], own), bits_at(self._thresholds[layer], beyond)])

    def flip(self, layer: int, cells: Cells) -> None:
        own, beyond = self._parted(layer, cells)
        self._network = broken(self._network, [own if i == layer else NOTHING for i in range(len(self._layers))])
        if beyond.size:
            limits = self._thresholds[layer].copy()
            flip_bits(limits, beyond)
            self._network = _with_limits(self._network, layer, limits.view(np.int32))
        self._program = None

    def restore(self) -> None:
        self._network, self._program = self._sound, None

    def answers(self, which: slice) -> Answers:
        if self._program is None:
            self._program = best("xnor").load(self._network)
            self._program.warm()
        return classes(self._program.scores(self._images[which]))

    def another(self) -> Self:
        made = copy.copy(self)
        made.restore()
        return made

    def _parted(self, layer: int, cells: Cells) -> tuple[Cells, Cells]:
        """Cells of weights, and cells of thresholds counted from the first of those."""
        first = weights(self._layers[layer])
        border = int(np.searchsorted(cells, first))
        return cells[:border], cells[border:] - first


class CodedMemory:
    """A packed network's weights behind the (72,64) code: 64 of them and 8 check bits a word, decoded when read.

    The last word of a layer is filled up with zeros.
    """

    def __init__(self, inner: Memory, network: PackedNetwork) -> None:
        """inner: the memory that the decoded weights are run from."""
        self._inner = inner
        self._data = [_in_line(layer) for layer in network.layers()]
        self._checks = [secded.encode(words) for words in self._data]
        self.cells = [secded.CODE * words.size for words in self._data]

    def stored(self, layer: int, cells: Cells) -> NDArray[np.bool_]:
        return _code_bits(self._data[layer], self._checks[layer], cells)

    def flip(self, layer: int, cells: Cells) -> None:
        word, bit = np.divmod(cells, secded.CODE)
        touched, word = np.unique(word, return_inverse=True)  # all other words decode to themselves
        data, checks = self._data[layer][touched], self._checks[layer][touched]
        check = bit >= secded.DATA
        flip_bits(data, (word * secded.DATA + bit)[~check])
        flip_bits(checks, (word * secded.CHECKS + bit - secded.DATA)[check])
        read, _ = secded.decode(data, checks)
        wrong = np.flatnonzero(unpack(read ^ self._data[layer][touched], secded.DATA * read.size))
        place, bit = np.divmod(wrong, secded.DATA)
        weight = touched[place] * secded.DATA + bit
        self._inner.flip(layer, weight[weight < self._inner.cells[layer]])

    def restore(self) -> None:
        self._inner.restore()

    def answers(self, which: slice) -> Answers:
        return self._inner.answers(which)

    def another(self) -> Self:
        made = copy.copy(self)
        made._inner = self._inner.another()
        return made


def classes(scores: NDArray[np.float32]) -> Answers:
    """The class of each image, of scores that are numbers."""
    answers: Answers = scores.argmax(1)
    return answers


def weights(product: Product) -> int:
    """Number of weights of a layer."""
    return product.outputs * product.inputs


def signs_at(product: Product, cells: Cells) -> NDArray[np.bool_]:
    """Which weights of a layer are +1, by their number row by row."""
    return bits_at(product.weights, in_rows(cells, row_bits(product)))


def row_bits(product: Product) -> int:
    """Bits that are packed together."""
    return product.channels if isinstance(product, Conv) else product.inputs


def _in_line(product: Product) -> Words:
    """The weights of a layer row by row without padding, uint64 [ceil(weights/64)]."""
    return pack(unpack(product.weights, row_bits(product)).reshape(-1))


def _code_bits(data: Words, checks: secded.Checks, cells: Cells) -> NDArray[np.bool_]:
    word, bit = np.divmod(cells, secded.CODE)
    check = bit >= secded.DATA
    found = np.empty(cells.shape, np.bool_)
    found[~check] = bits_at(data, (word * secded.DATA + bit)[~check])
    found[check] = bits_at(checks, (word * secded.CHECKS + bit - secded.DATA)[check])
    return found


def _limits(network: PackedNetwork) -> Iterator[NDArray[np.int32]]:
    """The thresholds of each layer, in order; none where something else follows it."""
    operations = network.operations
    starts = [index for index, operation in enumerate(operations) if isinstance(operation, Product)]
    for start, stop in zip(starts, [*starts[1:], len(operations)], strict=True):
        found = [each.threshold for each in operations[start:stop] if isinstance(each, Threshold)]
        yield found[0] if found else np.empty(0, np.int32)


def _with_limits(network: PackedNetwork, layer: int, limits: NDArray[np.int32]) -> PackedNetwork:
    """The network with other thresholds after a layer."""
    at, operations = -1, list[Operation]()
    for operation in network.operations:
        at += isinstance(operation, Product)
        if at == layer and isinstance(operation, Threshold):
            operations.append(replace(operation, threshold=limits))
        else:
            operations.append(operation)
    return replace(network, operations=tuple(operations))
