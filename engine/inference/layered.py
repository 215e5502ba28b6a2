"""A packed network run layer by layer in numpy: what numpy-xnor and float-blas share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.bits import pack, unpack
from engine.inference.backend import Activation, Program
from engine.inference.network import Conv, PackedNetwork, Threshold
from engine.inference.rules import Floats, Stage, check_images, images_together, signs_of, stages, value_of
from engine.inference.signed import PixelLayer

Values = NDArray[Any]
"""What a layer takes of images: pixels, or signs in its own form."""


class Layer(Protocol):
    """One layer in numpy, with the stage that it carries out."""

    stage: Stage

    def takes(self, positive: NDArray[np.bool_]) -> Values:
        """Signs bool [B, …] in the form that this layer takes."""

    def sums(self, values: Values) -> NDArray[np.int32]:
        """Sums int32 [B, *stage.gives], pooled."""

    def fires(self, values: Values) -> NDArray[np.bool_]:
        """Which outputs are +1, bool [B, *stage.gives]; only with a Threshold."""


@dataclass(frozen=True)
class Outcome:
    """What a layer took and the signs that it made; the network's value behind it, of the last layer the scores."""

    layer: Layer
    values: Values
    fires: NDArray[np.bool_]
    value: Floats | None

    @classmethod
    def of(cls, layer: Layer, values: Values, before: Floats | None) -> Outcome:
        """Run a layer; before: the network's value before it."""
        after = layer.stage.after
        if isinstance(after, Threshold):
            return cls(layer, values, layer.fires(values), before)
        value = value_of(layer.sums(values), after, before)
        return cls(layer, values, signs_of(value), value)

    def activation(self) -> Activation:
        """The same with its sums, for people."""
        own = not isinstance(self.layer.stage.after, Threshold)
        return Activation(self.layer.sums(self.values), pack(self.fires), self.value if own else None)


class LayeredProgram(Program):
    """A packed network made of layers of one kind; the first one takes pixels where the network does."""

    def __init__(self, network: PackedNetwork, layer: Callable[[Stage], Layer], together: int) -> None:
        """together: images taken through all layers together, at most."""
        self._network = network
        self._block = images_together(network, together)
        first, *rest = stages(network)
        self._layers = [PixelLayer(first) if network.source == "u8" else layer(first), *map(layer, rest)]

    def scores(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scores float32 [B, classes] of u8 [B, H, W, C] or words. Raises BadInput."""
        check_images(self._network, images)
        scores = np.empty((len(images), self._network.classes), np.float32)
        for start in range(0, len(images), self._block):
            *_, last = self._outcomes(images[start : start + self._block])
            scores[start : start + self._block] = last.value
        return scores

    def activations(self, images: NDArray[np.generic]) -> list[Activation]:
        """One Activation for each hidden layer, in order. Raises BadInput."""
        check_images(self._network, images)
        *hidden, _ = self._outcomes(images)
        return [outcome.activation() for outcome in hidden]

    def _outcomes(self, images: NDArray[np.generic]) -> Iterator[Outcome]:
        """What each layer makes, one by one."""
        first, *rest = self._layers
        outcome = Outcome.of(first, self._inputs(images), None)
        for layer in rest:
            yield outcome
            outcome = Outcome.of(layer, layer.takes(outcome.fires), outcome.value)
        yield outcome

    def _inputs(self, images: NDArray[np.generic]) -> Values:
        if self._network.source == "u8":
            return images
        first = self._network.operations[0]
        bits = first.channels if isinstance(first, Conv) else self._network.metadata.inputs
        return self._layers[0].takes(unpack(images.astype(np.uint64, copy=False), bits))
