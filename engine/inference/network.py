"""The deployed network: a typed list of operations that every backend runs alike, to the bit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from engine.errors import BadInput
from engine.inference.operations import (
    Affine,
    Conv,
    Dense,
    FloatConv,
    FloatDense,
    MaxPool,
    Shape,
    Shortcut,
    Sign,
    Threshold,
)

__all__ = [
    "Affine",
    "Conv",
    "Dense",
    "FloatConv",
    "FloatDense",
    "FloatNetwork",
    "FloatOperation",
    "MaxPool",
    "Metadata",
    "Network",
    "Operation",
    "PackedNetwork",
    "Product",
    "Shape",
    "Shortcut",
    "Sign",
    "Source",
    "Threshold",
]


@dataclass(frozen=True)
class Metadata:
    """What a model says of itself; pages read this and never assume 28x28 or ten classes.

    Attributes:
        input_shape: height, width, channels of one image.
        preparation: how a picture becomes an input: "mnist" is cropped, scaled to 20, centred by mass (engine.digits),
            "mnist-bits" the same as bits of a smaller square; "ink" is bright on black whichever way it was, and
            brought to its size; "resize" is brought to its size.
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


Product = Dense | Conv
"""The operations that hold weights."""

Source = Literal["u8", "bits"]
"""What a network or a layer takes: pixels, or signs in words."""

Operation = Dense | Conv | MaxPool | Threshold | Affine | Shortcut | Sign
FloatOperation = FloatDense | FloatConv

_FOLLOWS: dict[type, tuple[type | None, ...]] = {
    Dense: (None, Threshold, Sign),
    Conv: (None, Threshold, Sign),
    MaxPool: (Conv,),
    Threshold: (Dense, Conv, MaxPool),
    Affine: (Dense, Conv, MaxPool),
    Shortcut: (Dense, Conv, MaxPool),
    Sign: (Affine, Shortcut),
}
"""What each operation can stand after; None is the beginning."""


@dataclass(frozen=True)
class PackedNetwork:
    """A binarized network as it is deployed: bits run through its operations, and beside them one float32 value.

    An Affine that is not the last operation begins the value, a Sign takes the bits of it, and it stays until an
    Affine begins another: a Shortcut adds to it, whatever stood between.

    Inputs are u8 [B, H, W, C] ("u8"), or words ("bits"): [B, ceil(H*W*C/64)] where the first layer is dense,
    [B, H, W, ceil(C/64)] where it is a convolution.
    """

    metadata: Metadata
    operations: tuple[Operation, ...]
    source: Source = "u8"

    def __post_init__(self) -> None:
        self._check_order()
        self._check_values()
        _check_classes(self.shapes()[-1][1], self.classes)

    def layers(self) -> Iterator[Product]:
        """The layers that hold weights, in order."""
        return (operation for operation in self.operations if isinstance(operation, Product))

    def shapes(self) -> tuple[tuple[Shape, Shape], ...]:
        """What each operation takes and gives, of one image. Raises BadInput where they do not fit together."""
        return _chained(self.operations, self.metadata.input_shape)

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

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        steps = zip(self.operations, self.shapes(), strict=True)
        return sum(math.prod(sums) * layer.inputs for layer, (_, sums) in steps if isinstance(layer, Product))

    def _check_order(self) -> None:
        before: type | None = None
        for operation in self.operations:
            if before not in _FOLLOWS[type(operation)]:
                after = "the images" if before is None else before.__name__
                raise BadInput(f"{type(operation).__name__} cannot stand after {after}.", "Check the order.")
            before = type(operation)
        if before is not Affine:
            raise BadInput("A network must end in scores.", "End its operations with an Affine.")

    def _check_values(self) -> None:
        value: Shape | None = None
        for operation, (takes, gives) in zip(self.operations, self.shapes(), strict=True):
            if isinstance(operation, Shortcut) and takes != value:
                _refuse_shortcut(takes, value)
            if isinstance(operation, Affine):
                value = gives


@dataclass(frozen=True)
class FloatNetwork:
    """The second kind of model: ordinary float layers on pixels scaled to 0..1 (the float twin)."""

    metadata: Metadata
    operations: tuple[FloatOperation, ...]

    def __post_init__(self) -> None:
        if not self.operations:
            raise BadInput("A network needs at least one layer.", "Add a FloatDense.")
        self._check_shortcuts()
        _check_classes(self.shapes()[-1][1], self.classes)

    def layers(self) -> Iterator[FloatOperation]:
        """The layers that hold weights, in order: all."""
        return iter(self.operations)

    def shapes(self) -> tuple[tuple[Shape, Shape], ...]:
        """What each operation takes and gives, of one image. Raises BadInput where they do not fit together."""
        return _chained(self.operations, self.metadata.input_shape)

    @property
    def classes(self) -> int:
        return len(self.metadata.class_names)

    @property
    def weight_count(self) -> int:
        return sum(layer.weight.size for layer in self.operations)

    @property
    def weight_bytes(self) -> int:
        return sum(layer.weight.nbytes for layer in self.operations)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        steps = zip(self.operations, self.shapes(), strict=True)
        return sum(math.prod(_sums(layer, takes)) * layer.inputs for layer, (takes, _) in steps)

    def _check_shortcuts(self) -> None:
        for index, (layer, (takes, gives)) in enumerate(zip(self.operations, self.shapes(), strict=True)):
            if layer.shortcut and (index == 0 or takes != gives):
                _refuse_shortcut(gives, takes if index else None)


Network = PackedNetwork | FloatNetwork


def _chained(operations: Sequence[Operation | FloatOperation], shape: Shape) -> tuple[tuple[Shape, Shape], ...]:
    if min(shape) < 1:
        raise BadInput(f"Images of {shape} are given to a network.", "Their sides must be 1 or more.")
    steps = []
    for operation in operations:
        given = operation.gives(shape)
        if min(given) < 1:
            raise BadInput(f"A layer gives {given}.", "Every layer needs at least one output.")
        steps.append((shape, given))
        shape = given
    return tuple(steps)


def _sums(layer: FloatOperation, takes: Shape) -> Shape:
    return layer.before_pooling(takes) if isinstance(layer, FloatConv) else layer.gives(takes)


def _refuse_shortcut(shape: Shape, value: Shape | None) -> NoReturn:
    raise BadInput(f"A shortcut adds {shape} to {value or 'nothing'}.", "Put it after a layer of the same shape.")


def _check_classes(shape: Shape, classes: int) -> None:
    if shape != (classes,):
        raise BadInput(f"The network gives {shape} for {classes} class names.", "They must agree.")
