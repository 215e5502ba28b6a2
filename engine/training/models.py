"""Architectures by name, and the arrays that a run of one begins with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.config import RunConfig
from engine.errors import BadInput, UnknownName
from engine.inference.operations import MaxPool, Shape
from engine.training import netfile, optim
from engine.training.plan import Architecture, ConvLayer, DenseLayer, LayerPlan
from engine.training.steppers import Arrays, Key

Hidden = Callable[..., tuple[LayerPlan, ...]]
"""The hidden layers of an architecture, from the parts of its name, which are text."""

_FAMILIES: dict[re.Pattern[str], Hidden] = {}
_OFFERED: list[str] = []


def _family(pattern: str, *offered: str) -> Callable[[Hidden], Hidden]:
    """Makes a function the hidden layers of every name of a pattern, given the pattern's groups."""

    def enter(hidden: Hidden) -> Hidden:
        _FAMILIES[re.compile(pattern)] = hidden
        _OFFERED.extend(offered)
        return hidden

    return enter


_WIDTH = r"([1-9]\d{0,4})"
"""Outputs of a layer, in a name."""


@_family(rf"mlp-{_WIDTH}x([1-9]\d?)", "mlp-512x2", "mlp-1024x3", "mlp-4096x3")
def _mlp(width: str, depth: str) -> tuple[LayerPlan, ...]:
    """A multilayer perceptron, e.g. "mlp-512x2": two hidden layers of 512."""
    return (DenseLayer(int(width)),) * int(depth)


@_family(rf"mlp((?:-{_WIDTH}){{2,}})")
def _widths(widths: str, *_: str) -> tuple[LayerPlan, ...]:
    """The same with layers of different widths, e.g. "mlp-100-50"."""
    return tuple(DenseLayer(int(width)) for width in widths.split("-")[1:])


@_family(rf"cnn-{_WIDTH}-{_WIDTH}-{_WIDTH}", "cnn-32-64-64", "cnn-48-96-96")
def _cnn(first: str, second: str, third: str) -> tuple[LayerPlan, ...]:
    """For digits: the first layer halves the image, pooling after the second halves it again."""
    return (ConvLayer(int(first), kernel=5, stride=2), ConvLayer(int(second), pool=MaxPool()), ConvLayer(int(third)))


_BLOCKS = rf"{_WIDTH}x([1-9]\d?)"


@_family(rf"resnet-{_WIDTH}((?:-{_BLOCKS})+)", "resnet-48-96x2")
def _resnet(first: str, stages: str, *_: str) -> tuple[LayerPlan, ...]:
    """Float shortcuts about every binary convolution, after Liu et al. 2018, "Bi-Real Net".

    The first layer halves the image; then in each stage WxN a convolution to W whose pooling halves it again, and N
    blocks x + BN(conv(sign x)). E.g. "resnet-48-96x2".
    """
    layers = [ConvLayer(int(first), kernel=5, stride=2)]
    for width, blocks in re.findall(_BLOCKS, stages):
        layers += [ConvLayer(int(width), pool=MaxPool()), *[ConvLayer(int(width), shortcut=True)] * int(blocks)]
    return tuple(layers)


_PARTS = {"": 1, "-half": 2, "-quarter": 4}
"""What the widths of the paper's ConvNet are divided by."""


@_family(f"convnet({'|'.join(_PARTS)})", "convnet", "convnet-half", "convnet-quarter")
def _convnet(part: str) -> tuple[LayerPlan, ...]:
    """The ConvNet of Hubara et al. 2016 for CIFAR-10, 2x128C3-MP2-2x256C3-MP2-2x512C3-MP2-1024-1024, or a part of it.

    Its convolutions are padded, which the paper leaves open; pooling comes before batch-norm and sign, as there.
    """
    layers: list[LayerPlan] = []
    for width in (128 // _PARTS[part], 256 // _PARTS[part], 512 // _PARTS[part]):
        layers += [ConvLayer(width), ConvLayer(width, pool=MaxPool())]
    return (*layers, *(DenseLayer(1024 // _PARTS[part]),) * 2)


NAMES = tuple(_OFFERED)
"""What the pages offer; a family may understand more names, such as any mlp-WIDTHxDEPTH or cnn-WIDTH-WIDTH-WIDTH."""


def architecture(name: str, layers: str = "") -> Architecture:
    """The architecture of that name, e.g. "mlp-512x2", or one's own of that name, made of layers (netfile).

    Raises UnknownName; BadInput where one's own has a name that means another.
    """
    known = _named(name)
    if not layers:
        if known is None:
            raise UnknownName("model", name, NAMES)
        return known
    if known is not None:
        raise BadInput(f"'{name}' is the name of another network.", "Give the file of yours a name of its own.")
    return Architecture(netfile.checked_name(name), netfile.parsed(layers))


def _named(name: str) -> Architecture | None:
    for pattern, hidden in _FAMILIES.items():
        match = pattern.fullmatch(name)
        if match is not None:
            return Architecture(name, hidden(*match.groups()))
    return None


def chosen(text: str) -> dict[str, str]:
    """The settings that choose an architecture: by name, or by the path of a .toml file. Raises BadFile."""
    if Path(text).suffix.lower() != ".toml":
        return {"model": text}
    name, layers = netfile.read(Path(text))
    return {"model": name, "layers": layers}


def layer_name(index: int, layers: int) -> str:
    """What people call layer `index` of `layers`, counted from 0."""
    return "output" if index == layers - 1 else f"hidden {index + 1}"


def initial(config: RunConfig, image: Shape, classes: int) -> Arrays:
    """The canonical arrays of step 0 (steppers.Stepper) for images [H, W, C], drawn from the seed alone.

    Raises UnknownName, BadFile, or BadInput where the images do not fit the architecture.
    """
    shapes = architecture(config.model, config.layers).shapes(image, classes)
    parameters: Arrays = {}
    statistics: Arrays = {}
    for index, (outputs, fan_in) in enumerate(shapes):
        prefix = f"layer{index}."
        parameters[prefix + "latent"] = _weights(config, index, outputs, fan_in)
        if index == len(shapes) - 1 and config.output == "bias":
            parameters[prefix + "bias"] = np.zeros(outputs, np.float32)
            continue
        parameters[prefix + "gamma"] = np.ones(outputs, np.float32)
        parameters[prefix + "beta"] = np.zeros(outputs, np.float32)
        statistics[prefix + "mean"] = np.zeros(outputs, np.float32)
        statistics[prefix + _SPREADS[config.batch_norm]] = np.ones(outputs, np.float32)
        if config.thresholds == "learned" and index < len(shapes) - 1:
            parameters[prefix + "threshold"] = np.zeros(outputs, np.float32)
    return parameters | statistics | optim.initial(config, parameters)


_SPREADS = {"plain": "var", "shift-based": "inverse_std"}
"""What each batch-norm keeps of the spread of its sums (norms.Norm)."""


def plans(config: RunConfig, arrays: Arrays) -> tuple[LayerPlan, ...]:
    """The layers that canonical arrays of a run belong to."""
    return architecture(config.model, config.layers).layers(len(arrays[f"layer{depth(arrays) - 1}.latent"]))


def depth(arrays: Arrays) -> int:
    """Number of layers in canonical arrays."""
    return sum(name.endswith(".latent") for name in arrays)


LATENT_SPREAD = 0.1
"""Half the width of the latents' first distribution: near enough to 0 to flip early, wide enough not to all flip."""


def _spread(config: RunConfig, fan_in: int) -> float:
    """Half the width of the first distribution of weights.

    The paper's +-1 where signs are drawn, which else were mere chance, or where its rate scale lets latents cross
    that; float weights by He et al. 2015 (arXiv 1502.01852), for ReLU.
    """
    if config.spread is not None:
        return config.spread
    if config.kind == "float":
        return math.sqrt(6 / fan_in)
    return 1.0 if config.weights == "stochastic" or config.rate_scale == "glorot" else LATENT_SPREAD


def _weights(config: RunConfig, index: int, outputs: int, fan_in: int) -> NDArray[np.float32]:
    bound = _spread(config, fan_in)
    stream = Key(config.seed, 0, 0).stream("initial weights", index)
    drawn = (bound * (2 * stream.random((outputs, fan_in), np.float32) - 1)).astype(np.float32)
    return np.where(drawn >= 0, np.float32(1), np.float32(-1)) if config.optimizer == "bop" else drawn
