"""The layers of a packed network as every form of export tells them: signs, thresholds, floats, a description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import unpack
from engine.errors import Unsupported
from engine.inference.network import Affine, Conv, Network, PackedNetwork, Shortcut, Threshold
from engine.inference.rules import Stage, stages

PIXEL = 255
"""The largest value of a pixel."""


@dataclass(frozen=True)
class Layer:
    """One layer with weights. number: from 1. pixels: it takes 8-bit pixels; every other one takes signs."""

    number: int
    stage: Stage
    pixels: bool

    @property
    def name(self) -> str:
        return f"layer{self.number}"

    @property
    def conv(self) -> Conv | None:
        """Its product, where that is a convolution."""
        return self.stage.product if isinstance(self.stage.product, Conv) else None

    @property
    def outputs(self) -> int:
        return self.stage.product.outputs

    @property
    def terms(self) -> int:
        """Terms of one sum."""
        return self.stage.product.inputs

    @property
    def reach(self) -> int:
        """The largest sum there can be, and with a minus the smallest."""
        return self.terms * (PIXEL if self.pixels else 1)

    @property
    def adds(self) -> bool:
        """Whether what it makes is added to the network's value."""
        return isinstance(self.stage.after, Shortcut)

    def signs(self) -> NDArray[np.bool_]:
        """Weights bool [outputs, terms], True for +1; of a convolution in the order (row, column, channel)."""
        bits = self.conv.channels if self.conv else self.terms
        return unpack(self.stage.product.weights, bits).reshape(self.outputs, self.terms)

    @property
    def rising(self) -> NDArray[np.bool_]:
        """bool [outputs]: +1 from the threshold upwards; elsewhere below it."""
        return self.stage.rising

    def threshold(self) -> NDArray[np.int32] | None:
        """int32 [outputs], or None where floats are made: an output is +1 iff (sum >= threshold) == rising.

        One rule for both directions, and within the sums that can occur: -reach (always met) to reach + 1 (never).
        """
        after = self.stage.after
        if not isinstance(after, Threshold):
            return None
        wanted = after.threshold.astype(np.int64) + ~after.at_least  # sum <= t is not sum >= t + 1
        return np.clip(wanted, -self.reach, self.reach + 1).astype(np.int32)

    def floats(self) -> dict[str, NDArray[np.float32]]:
        """scale and shift, float32 [outputs], where floats are made of its sums; else nothing."""
        after = self.stage.after
        return {"scale": after.scale, "shift": after.shift} if isinstance(after, Affine) else {}

    def description(self) -> dict[str, Any]:
        """What its arrays do not say, as JSON has it."""
        conv, pool = self.conv, self.stage.pool
        return {
            "name": self.name,
            "kind": "conv" if conv else "dense",
            "on": "pixels" if self.pixels else "signs",
            "takes": list(self.stage.takes),
            "gives": list(self.stage.gives),
            "terms": self.terms,
            "outputs": self.outputs,
            "kernel": conv.kernel if conv else None,
            "stride": conv.stride if conv else None,
            "padding": conv.padding if conv else None,
            "pool": [pool.size, pool.stride] if pool else None,
            "makes": "signs" if self.threshold() is not None else "scores" if self.stage.last else "value",
            "adds": self.adds,
        }


def layers(network: PackedNetwork) -> Iterator[Layer]:
    """The layers of a network, in order."""
    for number, stage in enumerate(stages(network), 1):
        yield Layer(number, stage, pixels=number == 1 and network.source == "u8")


def packed(network: Network) -> PackedNetwork:
    """The network, if it is a packed one. Raises Unsupported for a float network."""
    if not isinstance(network, PackedNetwork):
        raise Unsupported("This network has float weights; only binarized ones are exported.", "Choose another.")
    return network


def description(network: PackedNetwork) -> dict[str, Any]:
    """What is told of a network beside its arrays, as JSON has it."""
    about = network.metadata
    return {
        "name": about.name,
        "architecture": about.architecture,
        "dataset": about.dataset,
        "accuracy": about.accuracy,
        "preparation": about.preparation,
        "input_shape": list(about.input_shape),
        "input": "pixels" if network.source == "u8" else "signs",
        "class_names": list(about.class_names),
        "layers": [layer.description() for layer in layers(network)],
    }
