"""What the tensor train lab is asked, and what it answers: requests and results, read by window and commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.errors import BadInput, UnknownName
from engine.labs import Source, check_range
from engine.tensortrain import paper
from engine.tensortrain.modes import Factors, Modes, suggested

FORMS = ("dense", "tensor train", "low rank")
"""In which one layer is compared."""

FAMILIES = {
    "dense": "float32, an ordinary matrix",
    "tensor-train": "float32, a tensor train",
    "low-rank": "float32, a product of two matrices",
    "hashed": "float32, as many numbers as the train has, shared by a hash (HashedNet)",
    "bnn": "one bit a weight, signs in and out",
    "bnn-tensor-train": "a tensor train whose cores are one bit a number, signs in and out",
}
"""Of networks that are trained on digits; those from the second to the fourth, and the last, at every rank."""

RANKED = ("tensor-train", "low-rank", "hashed", "bnn-tensor-train")
RANKS = (2, 4, 8)
STOPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Ranks whose error is told, so that a slider has it at once."""
CORES, EPOCHS = 4, 3
MOST_SEED = 2**63 - 1
MOST_EPOCHS = 1000
MOST_DENSE = 1 << 28
"""Weights of a matrix that is made here: a gigabyte as float32."""


@dataclass(frozen=True)
class RunCompress(m.RunLab):
    """Take one dense layer apart: a model's, or a shape without weights.

    model: a file or the bytes of one; layer: which, from 1 at the input side, None for its largest. Or outputs and
    inputs of a shape.
    modes: how its sides are split; None for as even as they allow, into `cores`. ranks: one, or one a bond.
    accuracy: in place of ranks, the share of the layer's norm that may be lost. timed: at batches of 1 and 100.
    epochs: of fine-tuning, 0 for none. Raises BadInput.
    """

    lab: ClassVar[str] = "compress"
    world: ClassVar[m.World] = "torch"
    model: Source = ""
    layer: int | None = None
    outputs: int = 0
    inputs: int = 0
    modes: Modes | None = None
    cores: int = CORES
    ranks: Factors = (8,)
    accuracy: float | None = None
    epochs: int = 1
    timed: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("number of epochs", self.epochs, 0, MOST_EPOCHS)
        check_range("seed", self.seed, 0, MOST_SEED)
        if self.accuracy is not None and not 0 <= self.accuracy < 1:
            raise BadInput(f"A share of {self.accuracy:g} cannot be lost.", "Choose it from 0 to below 1.")
        if self.accuracy is not None and not self.model:
            raise BadInput("A shape has no weights to be near to.", "Give ranks, or a model file.")
        if self.modes is not None:
            self.modes.bonds(self.ranks)
        if not self.model:
            if not 1 <= self.outputs * self.inputs <= MOST_DENSE or min(self.outputs, self.inputs) < 1:
                shape = f"{self.inputs:,} × {self.outputs:,}"
                raise BadInput(f"A layer of {shape} is not made here.", f"Choose up to {MOST_DENSE:,} weights.")
            self.layout(self.outputs, self.inputs).bonds(self.ranks)

    def layout(self, outputs: int, inputs: int) -> Modes:
        """How a layer of this size is split. Raises BadInput."""
        modes = suggested(outputs, inputs, self.cores) if self.modes is None else self.modes
        modes.check_fit(outputs, inputs)
        return modes


@dataclass(frozen=True)
class RunDigits(m.RunLab):
    """The paper's experiment: 1024 inputs, a hidden layer of 1024 in each form, ten scores; each trained on MNIST.

    families: which (FAMILIES). ranks: of those that have one, a run each. modes: of the trains. Raises BadInput.
    """

    lab: ClassVar[str] = "compress"
    world: ClassVar[m.World] = "torch"
    families: tuple[str, ...] = tuple(FAMILIES)
    ranks: Factors = RANKS
    modes: Modes = paper.MNIST.modes[0]
    epochs: int = EPOCHS
    seed: int = 0

    def __post_init__(self) -> None:
        for name in self.families:
            if name not in FAMILIES:
                raise UnknownName("family", name, FAMILIES)
        check_range("number of epochs", self.epochs, 1, MOST_EPOCHS)
        check_range("seed", self.seed, 0, MOST_SEED)
        if not self.ranks or not self.families:
            raise BadInput("Nothing is left to train.", "Choose a family and a rank.")
        self.modes.check_fit(paper.MNIST.outputs, paper.MNIST.inputs)
        for rank in self.ranks:
            self.modes.bonds([rank])


@dataclass(frozen=True)
class Layer(m.LabResult):
    """The layer. stored: bits of one of its weights as it is. rest: bits of the rest of its network, 0 without one.

    modes: how it was split. accuracy: of its network as it is, 0 to 1, or None.
    """

    model: str
    title: str
    outputs: int
    inputs: int
    modes: Modes
    stored: int
    rest: int
    accuracy: float | None


@dataclass(frozen=True)
class Spectrum(m.LabResult):
    """Singular values of an unfolding over the norm of all, float64 [n], descending; bonds are counted from 1."""

    bond: int
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Errors(m.LabResult):
    """Of trains of each of these ranks, int64 [n]: relative error in the Frobenius norm, float64 [n]."""

    ranks: NDArray[np.int64]
    errors: NDArray[np.float64]


@dataclass(frozen=True)
class Form(m.LabResult):
    """The layer in one of FORMS. ranks: of its bonds. error: relative, Frobenius; bound: what TT-SVD promises at most.

    before, after: accuracy of the network with it, as decomposed and fine-tuned. Figures not yet there are None.
    """

    form: str
    ranks: Factors
    parameters: int
    bits: int
    macs: int
    working: int
    error: float | None = None
    bound: float | None = None
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True)
class Timing(m.LabResult):
    """Seconds of one product with a batch of images, float32, on one thread."""

    form: str
    batch: int
    seconds: float


@dataclass(frozen=True)
class Point(m.LabResult):
    """A network trained on digits. rank: 0 where there is none. bits: of the hidden layer, and of the whole network."""

    family: str
    rank: int
    parameters: int
    layer_bits: int
    network_bits: int
    accuracy: float
    epochs: int
    seconds: float
