"""The deployed network: a typed list of operations that every backend runs alike, to the bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, words_for
from engine.errors import BadInput

Value = Literal["u8", "bits", "int32", "float32"]


@dataclass(frozen=True)
class Metadata:
    """What a model says of itself; pages read this and never assume 28x28 or ten classes.

    Attributes:
        input_shape: height, width, channels of one image.
        preparation: how a picture becomes an input ("mnist": cropped, scaled to 20, centred by mass).
        accuracy: share of the test set that was right when it was saved, 0 to 1, or None if never measured.
        versions: what produced it, e.g. {"flipscope": "0.1.0", "torch": "2.14.1"}.
    """

    name: str
    architecture: str
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    preparation: str = "mnist"
    dataset: str = ""
    seed: int | None = None
    epochs: float | None = None
    accuracy: float | None = None
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        """Number of input values of one image."""
        height, width, channels = self.input_shape
        return height * width * channels


@dataclass(frozen=True)
class Dense:
    """Binary dense layer: u8 or bits in, int32 sums out.

    weights: uint64 [outputs, ceil(inputs/64)], row o holding the signs of output o, padding bits 0.
    On bits: sum = inputs - 2 * popcount(a xor w). On u8: sum = sum over i of (+-1) * pixel[i].
    """

    weights: Words
    inputs: int

    @property
    def outputs(self) -> int:
        return int(self.weights.shape[0])


@dataclass(frozen=True)
class Threshold:
    """Batch-norm followed by sign, folded into one integer comparison per output: int32 in, bits out.

    threshold: int32 [outputs]; at_least: bool [outputs].
    Output o is +1 iff sum >= threshold[o] where at_least[o] (gamma > 0), iff sum <= threshold[o] elsewhere
    (gamma < 0). A constant (gamma = 0) is a threshold that every or no int32 sum meets.
    """

    threshold: NDArray[np.int32]
    at_least: NDArray[np.bool_]


@dataclass(frozen=True)
class Affine:
    """The last layer's scores: int32 in, float32 out; float32(sum) * scale[o], rounded, then + shift[o], rounded.

    scale, shift: float32 [outputs]. With one common positive scale this is the bias-only form: the class is
    then argmax of sum + shift/scale, a comparison of cardinalities, which is what verification needs.
    """

    scale: NDArray[np.float32]
    shift: NDArray[np.float32]

    @property
    def bias_only(self) -> bool:
        """Whether all outputs share one positive scale."""
        return bool(self.scale.size and self.scale[0] > 0 and np.all(self.scale == self.scale[0]))


Operation = Dense | Threshold | Affine

_GIVES: dict[type, Value] = {Dense: "int32", Threshold: "bits", Affine: "float32"}
_TAKES: dict[type, tuple[Value, ...]] = {Dense: ("u8", "bits"), Threshold: ("int32",), Affine: ("int32",)}


@dataclass(frozen=True)
class PackedNetwork:
    """A binarized network as it is deployed. Inputs are u8 [B, H, W, C] ("u8") or words [B, W] ("bits")."""

    metadata: Metadata
    operations: tuple[Operation, ...]
    source: Literal["u8", "bits"] = "u8"

    def __post_init__(self) -> None:
        self._check_types()
        self._check_shapes()

    def layers(self) -> Iterator[Dense]:
        """The layers that hold weights, in order."""
        return (operation for operation in self.operations if isinstance(operation, Dense))

    @property
    def classes(self) -> int:
        return len(self.metadata.class_names)

    @property
    def weight_count(self) -> int:
        """Number of binary weights."""
        return sum(layer.outputs * layer.inputs for layer in self.layers())

    @property
    def weight_bytes(self) -> int:
        """Bytes of the packed weights, padding included."""
        return sum(layer.weights.nbytes for layer in self.layers())

    def _check_types(self) -> None:
        if not self.operations or not isinstance(self.operations[-1], Affine):
            raise BadInput("A network must end in scores.", "End its operations with an Affine.")
        value: Value = self.source
        for operation in self.operations:
            if value not in _TAKES[type(operation)]:
                raise BadInput(f"A {type(operation).__name__} cannot take {value} values.", "Check the order.")
            value = _GIVES[type(operation)]

    def _check_shapes(self) -> None:
        width = self.metadata.inputs
        for operation in self.operations:
            if isinstance(operation, Dense):
                _check_dense(operation, width)
                width = operation.outputs
            elif isinstance(operation, Threshold):
                _check_vector("threshold", operation.threshold, np.int32, width)
                _check_vector("at_least", operation.at_least, np.bool_, width)
            else:
                _check_vector("scale", operation.scale, np.float32, width)
                _check_vector("shift", operation.shift, np.float32, width)
        if width != self.classes:
            raise BadInput(f"The network has {width} outputs for {self.classes} class names.", "They must agree.")


@dataclass(frozen=True)
class FloatDense:
    """Float layer with batch-norm folded in: float32 in, float32 out; weight [outputs, inputs], bias [outputs]."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    relu: bool


@dataclass(frozen=True)
class FloatNetwork:
    """The second kind of model: ordinary float layers on pixels scaled to 0..1 (the float twin)."""

    metadata: Metadata
    operations: tuple[FloatDense, ...]

    def __post_init__(self) -> None:
        if not self.operations:
            raise BadInput("A network needs at least one layer.", "Add a FloatDense.")
        widths = [layer.weight.shape[1] for layer in self.operations]
        if widths[0] != self.metadata.inputs or self.operations[-1].weight.shape[0] != self.classes:
            raise BadInput("The layers do not fit the input shape and the class names.", "They must agree.")
        if any(before.weight.shape[0] != after.weight.shape[1] for before, after in pairwise(self.operations)):
            raise BadInput("Two neighbouring layers disagree in width.", "They must agree.")

    @property
    def classes(self) -> int:
        return len(self.metadata.class_names)

    @property
    def weight_count(self) -> int:
        return sum(layer.weight.size for layer in self.operations)

    @property
    def weight_bytes(self) -> int:
        return sum(layer.weight.nbytes for layer in self.operations)


Network = PackedNetwork | FloatNetwork


def _check_dense(layer: Dense, width: int) -> None:
    expected = (layer.outputs, words_for(layer.inputs))
    if layer.weights.dtype != np.uint64 or layer.weights.shape != expected or layer.inputs != width:
        raise BadInput(
            f"A layer of {layer.inputs} inputs has weights {layer.weights.dtype} {layer.weights.shape}; "
            f"uint64 {expected} on {width} inputs was expected.",
            "Rebuild or re-export the network.",
        )
    tail = layer.inputs % 64
    if tail and np.any(layer.weights[:, -1] >> np.uint64(tail)):
        raise BadInput("Padding bits of a layer are set.", "Padding bits of packed weights must be 0.")


def _check_vector(name: str, array: NDArray[np.generic], dtype: type, width: int) -> None:
    if array.dtype != dtype or array.shape != (width,):
        raise BadInput(
            f"'{name}' is {array.dtype} {array.shape}; {np.dtype(dtype)} ({width},) was expected.",
            "Rebuild or re-export the network.",
        )
