"""Layers as they are planned, and architectures made of them: shapes alone, no arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.errors import BadInput
from engine.inference.modelrecord import MAX_INPUTS
from engine.inference.operations import MaxPool, Shape, convolved

MOST_WEIGHTS = 1 << 28
"""Weights of a network that is trained here: its latents, moments and gradients take 16 bytes each."""


@dataclass(frozen=True)
class DenseLayer:
    """Every output sees every value that comes in. shortcut: what the layer before gave is added to its outputs."""

    outputs: int
    shortcut: bool = False

    @property
    def fan_out(self) -> int:
        """Outputs that one value coming in takes part in."""
        return self.outputs

    def inputs(self, shape: Shape) -> int:
        """Weights of one output, on inputs of this shape."""
        return math.prod(shape)

    def gives(self, shape: Shape) -> Shape:  # noqa: ARG002 - as ConvLayer
        """Shape of what it gives for one image."""
        return (self.outputs,)


@dataclass(frozen=True)
class ConvLayer:
    """Every output sees a square window of a map, padded so that stride 1 keeps its size; pooled where it says so.

    shortcut: as in DenseLayer; both are taken after batch-norm and before the sign.
    """

    outputs: int
    kernel: int = 3
    stride: int = 1
    pool: MaxPool | None = None
    shortcut: bool = False

    @property
    def padding(self) -> int:
        """Pixels added on every side."""
        return self.kernel // 2

    @property
    def fan_out(self) -> int:
        """Outputs that one value coming in takes part in, at stride 1 and before pooling."""
        return self.outputs * self.kernel**2

    def inputs(self, shape: Shape) -> int:
        """Weights of one output, on maps of this shape."""
        return self.kernel**2 * shape[-1]

    def gives(self, shape: Shape) -> Shape:
        """Shape of what it gives for one image. Raises BadInput where nothing is left of the map."""
        sums = convolved(shape, shape[-1], self.outputs, self.kernel, self.stride, self.padding)
        return sums if self.pool is None else self.pool.gives(sums)


LayerPlan = DenseLayer | ConvLayer


@dataclass(frozen=True)
class Architecture:
    """Layers with weights, each followed by batch-norm, and a sign (or ReLU) between them; a dense one is the last.

    hidden: the hidden layers, input side first.
    """

    name: str
    hidden: tuple[LayerPlan, ...]

    def layers(self, classes: int) -> tuple[LayerPlan, ...]:
        """All layers, with the one that gives the scores."""
        return (*self.hidden, DenseLayer(classes))

    def shapes(self, image: Shape, classes: int) -> tuple[tuple[int, int], ...]:
        """(outputs, weights of one output) of each layer, in order, for images [H, W, C]. Raises BadInput."""
        shapes: list[tuple[int, int]] = []
        for layer in self.layers(classes):
            try:
                given = _checked(layer, image, first=not shapes)
            except BadInput as error:
                raise BadInput(f"Layer {len(shapes) + 1} of '{self.name}': {error.what}", error.remedy) from None
            shapes.append((layer.outputs, layer.inputs(image)))
            image = given
        weights = sum(math.prod(shape) for shape in shapes)
        if weights > MOST_WEIGHTS:
            raise BadInput(
                f"'{self.name}' has {weights:,} weights; {MOST_WEIGHTS:,} is the limit.", "Make it narrower."
            )
        return tuple(shapes)


def _checked(layer: LayerPlan, takes: Shape, *, first: bool) -> Shape:
    """The shape that a layer gives. Raises BadInput where it cannot take what it is given."""
    given = layer.gives(takes)
    if layer.inputs(takes) > MAX_INPUTS:
        raise BadInput(
            f"Each output has {layer.inputs(takes):,} inputs; {MAX_INPUTS:,} is the limit.", "Pool before it."
        )
    if layer.shortcut and (first or given != takes):
        before = "the images" if first else takes
        raise BadInput(f"A shortcut adds {given} to {before}.", "Put it on a layer that keeps its map's shape.")
    return given
