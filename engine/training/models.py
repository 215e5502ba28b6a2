"""Architectures by name, and the arrays that a run of one begins with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.config import RunConfig
from engine.errors import UnknownName
from engine.training.steppers import Arrays, Key

NAMES = ("mlp-512x2", "mlp-1024x3", "mlp-4096x3")
"""What the pages offer; any other mlp-WIDTHxDEPTH is understood as well."""

_MLP = re.compile(r"mlp-([1-9]\d{0,4})x([1-9]\d?)")


@dataclass(frozen=True)
class Architecture:
    """A multilayer perceptron: dense layers, each with batch-norm, and a sign (or ReLU) between them.

    hidden: widths of the hidden layers, input side first.
    """

    name: str
    hidden: tuple[int, ...]

    def shapes(self, inputs: int, classes: int) -> tuple[tuple[int, int], ...]:
        """(outputs, inputs) of each layer with weights, in order."""
        return tuple((after, before) for before, after in pairwise((inputs, *self.hidden, classes)))


def architecture(name: str) -> Architecture:
    """The architecture of that name, e.g. "mlp-512x2": two hidden layers of 512. Raises UnknownName."""
    match = _MLP.fullmatch(name)
    if match is None:
        raise UnknownName("model", name, NAMES)
    width, depth = int(match[1]), int(match[2])
    return Architecture(name, (width,) * depth)


def layer_name(index: int, layers: int) -> str:
    """What people call layer `index` of `layers`, counted from 0."""
    return "output" if index == layers - 1 else f"hidden {index + 1}"


def initial(config: RunConfig, inputs: int, classes: int) -> Arrays:
    """The canonical arrays of step 0 (steppers.Stepper), drawn from the seed alone; moments are zero."""
    shapes = architecture(config.model).shapes(inputs, classes)
    arrays: Arrays = {}
    for index, (outputs, fan_in) in enumerate(shapes):
        prefix = f"layer{index}."
        _parameter(arrays, prefix + "latent", _weights(config, index, outputs, fan_in))
        if index == len(shapes) - 1 and config.output == "bias":
            _parameter(arrays, prefix + "bias", np.zeros(outputs, np.float32))
            continue
        _parameter(arrays, prefix + "gamma", np.ones(outputs, np.float32))
        _parameter(arrays, prefix + "beta", np.zeros(outputs, np.float32))
        arrays[prefix + "mean"] = np.zeros(outputs, np.float32)
        arrays[prefix + "var"] = np.ones(outputs, np.float32)
    arrays["adam.t"] = np.zeros(1, np.int64)
    return arrays


def depth(arrays: Arrays) -> int:
    """Number of layers in canonical arrays."""
    return sum(name.endswith(".latent") for name in arrays)


LATENT_SPREAD = 0.1
"""Half the width of the latents' first distribution: near enough to 0 to flip early, wide enough not to all flip."""


def _weights(config: RunConfig, index: int, outputs: int, fan_in: int) -> NDArray[np.float32]:
    """Latents uniform on +-LATENT_SPREAD, or on +-1 where their signs are drawn and would else be mere chance.

    Float weights by He et al. 2015 (arXiv 1502.01852), for ReLU.
    """
    if config.kind == "float":
        bound = float(np.sqrt(6 / fan_in))
    else:
        bound = 1.0 if config.weights == "stochastic" else LATENT_SPREAD
    stream = Key(config.seed, 0, 0).stream("initial weights", index)
    return (bound * (2 * stream.random((outputs, fan_in), np.float32) - 1)).astype(np.float32)


def _parameter(arrays: Arrays, name: str, values: NDArray[np.float32]) -> None:
    arrays |= {name: values, f"{name}.m": np.zeros_like(values), f"{name}.v": np.zeros_like(values)}
