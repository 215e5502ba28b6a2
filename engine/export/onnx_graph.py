"""A network as an ONNX graph in float32 and int32 that gives the same scores, bit for bit.

Products are float32 MatMul and Conv of +-1 and pixels: exact, as every partial sum is an integer below 2**24. Sums are
then cast to int32, which says so and keeps runtimes from folding scales into weights, where they would round
otherwise. The file is written by hand (engine.export.protobuf; fields as in onnx.proto), so nothing need be installed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import __version__
from engine.digits import SET
from engine.errors import Unsupported
from engine.export import protobuf as pb
from engine.export.layers import Layer, description, layers
from engine.inference.network import PackedNetwork

INPUT, OUTPUT = "images", "scores"
OPSET, IR_VERSION = 13, 7
EXACT = 1 << 24
"""Up to here every integer is a float32."""

Array = NDArray[Any]

_FLOAT, _UINT8, _INT8, _INT32, _INT64 = 1, 2, 3, 6, 7
_TYPES = {"float32": _FLOAT, "uint8": _UINT8, "int8": _INT8, "int32": _INT32, "int64": _INT64}
_TO_CHANNELS_FIRST, _TO_CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def model(network: PackedNetwork) -> bytes:
    """An ONNX file: images u8 [N, H, W, C] in, scores float32 [N, classes] out. Raises Unsupported."""
    graph = _Graph()
    value, map_now = _taken(graph, network), False
    kept = ""
    for layer in layers(network):
        value, map_now = _arranged(graph, value, layer, map_now), layer.conv is not None
        value, kept = _layer(graph, layer, value, kept)
    graph.node("Identity", value, output=OUTPUT)
    shape = ("N", *network.metadata.input_shape)
    ends = pb.block(11, _end(INPUT, _UINT8, shape)) + pb.block(12, _end(OUTPUT, _FLOAT, ("N", network.classes)))
    about = description(network)
    named = pb.text(2, about["name"]) + pb.text(10, f"{about['architecture']}, {about['dataset']}")
    opset = pb.block(8, pb.integer(2, OPSET))
    producer = pb.integer(1, IR_VERSION) + pb.text(2, "flipscope") + pb.text(3, __version__)
    return producer + pb.block(7, graph.encoded() + named + ends) + opset


# ---------------------------------------------------------------- the network


def _taken(graph: _Graph, network: PackedNetwork) -> str:
    """The images as the first layer takes them, float32 [N, H, W, C]: pixels, or signs."""
    pixels = graph.cast(INPUT, _FLOAT)
    if network.source == "u8":
        return pixels
    bright = graph.node("GreaterOrEqual", pixels, graph.constant(np.float32(SET)))
    return graph.node("Where", bright, graph.constant(np.float32(1)), graph.constant(np.float32(-1)))


def _arranged(graph: _Graph, value: str, layer: Layer, channels_first: bool) -> str:
    """Values as a layer wants them: maps with channels first for a convolution, else flat, channels last."""
    if layer.conv:
        return value if channels_first else graph.node("Transpose", value, perm=_TO_CHANNELS_FIRST)
    if channels_first:
        value = graph.node("Transpose", value, perm=_TO_CHANNELS_LAST)
    return graph.node("Reshape", value, graph.constant(np.array([0, layer.terms], np.int64)))


def _layer(graph: _Graph, layer: Layer, value: str, kept: str) -> tuple[str, str]:
    """What the next layer takes, or the scores; and the network's value, which a shortcut is added to."""
    sums = graph.cast(_products(graph, layer, value), _INT32)
    threshold = layer.threshold()
    if threshold is not None:
        direction = _by_output(layer, np.where(layer.rising, 1, -1).astype(np.float32))
        reached = graph.node("GreaterOrEqual", sums, graph.constant(_by_output(layer, threshold)))
        return graph.node("Where", reached, graph.constant(direction), graph.constant(-direction)), kept
    scale, shift = (graph.constant(_by_output(layer, floats)) for floats in layer.floats().values())
    own = graph.node("Add", graph.node("Mul", graph.cast(sums, _FLOAT), scale), shift)
    if layer.adds:
        own = graph.node("Add", kept, own)
    if layer.stage.last:
        return own, own
    positive = graph.node("GreaterOrEqual", own, graph.constant(np.float32(0)))
    return graph.node("Where", positive, graph.constant(np.float32(1)), graph.constant(np.float32(-1))), own


def _products(graph: _Graph, layer: Layer, value: str) -> str:
    """Sums as float32, pooled. Raises Unsupported where they would not be exact."""
    if layer.reach > EXACT:
        raise Unsupported(
            f"Sums of layer {layer.number} reach {layer.reach:,}; float32 counts to {EXACT:,} only.",
            "Export it as c, hex or npz, which count in integers.",
        )
    signs, conv, pool = np.where(layer.signs(), 1, -1).astype(np.int8), layer.conv, layer.stage.pool
    if conv is None:
        return graph.node("MatMul", value, graph.cast(graph.constant(signs.T), _FLOAT))
    window = signs.reshape(layer.outputs, conv.kernel, conv.kernel, conv.channels).transpose(0, 3, 1, 2)
    sides = 2 * (conv.padding,)
    if conv.padding and not layer.pixels:  # what lies beyond is -1, not 0
        pads = graph.constant(np.array([0, 0, *sides, 0, 0, *sides], np.int64))
        value, sides = graph.node("Pad", value, pads, graph.constant(np.float32(-1))), (0, 0)
    weights = graph.cast(graph.constant(window), _FLOAT)
    sums = graph.node("Conv", value, weights, pads=2 * sides, strides=2 * (conv.stride,))
    if pool is None:
        return sums
    return graph.node("MaxPool", sums, kernel_shape=2 * (pool.size,), strides=2 * (pool.stride,))


def _by_output(layer: Layer, values: Array) -> Array:
    """Values [outputs] so that they go with maps, channels first."""
    return values.reshape(-1, 1, 1) if layer.conv else values


# ---------------------------------------------------------------- the file


@dataclass
class _Graph:
    """Nodes and constants in the making; every name is given here."""

    _nodes: list[bytes] = field(default_factory=list)
    _constants: list[bytes] = field(default_factory=list)

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: tuple[int, ...] | int) -> str:
        """Add an operation; the name of what it gives."""
        output = output or f"{operator.lower()}_{len(self._nodes)}"
        names = b"".join(pb.text(1, name) for name in inputs) + pb.text(2, output) + pb.text(3, f"node_{output}")
        encoded = b"".join(pb.block(5, _attribute(name, value)) for name, value in attributes.items())
        self._nodes.append(pb.block(1, names + pb.text(4, operator) + encoded))
        return output

    def cast(self, value: str, to: int) -> str:
        return self.node("Cast", value, to=to)

    def constant(self, array: Array | np.generic) -> str:
        """Add an array; its name."""
        name, array = f"constant_{len(self._constants)}", np.asarray(array)
        dims = b"".join(pb.integer(1, side) for side in array.shape)
        raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        tensor = dims + pb.integer(2, _TYPES[array.dtype.name]) + pb.text(8, name) + pb.block(9, raw)
        self._constants.append(pb.block(5, tensor))
        return name

    def encoded(self) -> bytes:
        return b"".join(self._nodes + self._constants)


def _attribute(name: str, value: tuple[int, ...] | int) -> bytes:
    """An AttributeProto of an integer (type 2) or of several (type 7)."""
    if isinstance(value, int):
        return pb.text(1, name) + pb.integer(3, value) + pb.integer(20, 2)
    return pb.text(1, name) + b"".join(pb.integer(8, one) for one in value) + pb.integer(20, 7)


def _end(name: str, kind: int, shape: tuple[int | str, ...]) -> bytes:
    """A ValueInfoProto: an input or output of the graph; sides that are names may be anything."""
    sides = (pb.text(2, side) if isinstance(side, str) else pb.integer(1, side) for side in shape)
    dims = b"".join(pb.block(1, side) for side in sides)
    return pb.text(1, name) + pb.block(2, pb.block(1, pb.integer(1, kind) + pb.block(2, dims)))
