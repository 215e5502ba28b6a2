"""The operations of deployed networks: what each holds, what it takes and gives, and what its arrays must be.

Values of one image have a Shape: (n,) is a vector, (height, width, channels) a map. Each operation's `gives` takes
the shape of its input, checks the operation against it and gives the shape of its output, or raises BadInput.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, words_for
from engine.errors import BadInput

Shape = tuple[int, ...]

KERNELS = (1, 3, 5)
"""Sides that the square kernel of a convolution can have."""

STRIDES = (1, 2)
MAX_POOL = 8
"""The largest side of a pooling window."""

_REBUILD = "Rebuild or re-export the network."


@dataclass(frozen=True)
class Dense:
    """Binary dense layer: u8 or bits in, int32 sums out.

    weights: uint64 [outputs, ceil(inputs/64)], row o holding the signs of output o, padding bits 0. On a map the
    inputs are its values in the order (row, column, channel).
    On bits: sum = inputs - 2 * popcount(a xor w). On u8: sum = sum over i of (+-1) * pixel[i].
    """

    weights: Words
    inputs: int

    @property
    def outputs(self) -> int:
        return int(self.weights.shape[0])

    def gives(self, shape: Shape) -> Shape:
        """(outputs,) of a vector, or of a map flattened."""
        if self.inputs != math.prod(shape):
            raise BadInput(f"A layer of {self.inputs} inputs is given {math.prod(shape)} values.", _REBUILD)
        check_array("weights", self.weights, np.uint64, (*self.weights.shape[:1], words_for(self.inputs)))
        _check_padding(self.weights, self.inputs)
        return (self.outputs,)


@dataclass(frozen=True)
class Conv:
    """Binary convolution (a correlation, as everywhere in the field): u8 or bit maps in, int32 maps out.

    weights: uint64 [outputs, kernel, kernel, ceil(channels/64)], the signs of each output's channels at each place
    of its square kernel, padding bits 0.
    stride: 1 or 2, along both sides. padding: pixels added on every side, 0 to kernel // 2; their value is 0 on u8
    and -1 (bit 0) on bits, so that every input is a sign there.
    """

    weights: Words
    channels: int
    stride: int = 1
    padding: int = 0

    @property
    def outputs(self) -> int:
        return int(self.weights.shape[0])

    @property
    def kernel(self) -> int:
        """Side of the kernel in pixels."""
        return int(self.weights.shape[1])

    @property
    def inputs(self) -> int:
        """Terms of one sum: kernel * kernel * channels."""
        return self.kernel**2 * self.channels

    def gives(self, shape: Shape) -> Shape:
        """(height, width, outputs) of a map with this many channels."""
        sides = self.weights.shape[:2] + self.weights.shape[1:2]
        check_array("weights", self.weights, np.uint64, (*sides, words_for(self.channels)))
        _check_padding(self.weights, self.channels)
        return convolved(shape, self.channels, self.outputs, self.kernel, self.stride, self.padding)


@dataclass(frozen=True)
class MaxPool:
    """The largest sum in every window of size x size, a window every `stride` pixels, none beyond the edge.

    int32 maps in and out; it stands between a convolution and its threshold, as in Hubara et al. 2016. A maximum
    that reaches a threshold is an OR of bits, one that stays at or below it an AND.
    """

    size: int = 2
    stride: int = 2

    def gives(self, shape: Shape) -> Shape:
        """(height, width, channels) of what is left of a map."""
        if not 2 <= self.size <= MAX_POOL or not 1 <= self.stride <= self.size:
            raise BadInput(f"Pooling by {self.size} every {self.stride} is not known here.", "Pool by 2 every 2.")
        height, width, channels = _map(shape)
        return (windows(height, self.size, self.stride), windows(width, self.size, self.stride), channels)


@dataclass(frozen=True)
class Threshold:
    """Batch-norm followed by sign, folded into one integer comparison per output: int32 in, bits out.

    threshold: int32 [outputs]; at_least: bool [outputs]; on maps one of each for every channel.
    Output o is +1 iff sum >= threshold[o] where at_least[o] (gamma > 0), iff sum <= threshold[o] elsewhere
    (gamma < 0). A constant (gamma = 0) is a threshold that every or no int32 sum meets.
    """

    threshold: NDArray[np.int32]
    at_least: NDArray[np.bool_]

    def gives(self, shape: Shape) -> Shape:
        """The shape that it takes."""
        check_array("threshold", self.threshold, np.int32, shape[-1:])
        check_array("at_least", self.at_least, np.bool_, shape[-1:])
        return shape


@dataclass(frozen=True)
class Affine:
    """Sums as floats: int32 in, float32 out; float32(sum) * scale[o], rounded, then + shift[o], rounded.

    At the end of a network these are its scores. Elsewhere they are the value that a Sign makes bits of and that
    shortcuts are added to. scale, shift: float32 [outputs]; on maps one of each for every channel.
    Scores with one common positive scale are the bias-only form: the class is then argmax of sum + shift/scale, a
    comparison of cardinalities, which is what verification needs.
    """

    scale: NDArray[np.float32]
    shift: NDArray[np.float32]

    @property
    def bias_only(self) -> bool:
        """Whether all outputs share one positive scale."""
        return bool(self.scale.size and self.scale[0] > 0 and np.all(self.scale == self.scale[0]))

    def gives(self, shape: Shape) -> Shape:
        """The shape that it takes."""
        check_array("scale", self.scale, np.float32, shape[-1:])
        check_array("shift", self.shift, np.float32, shape[-1:])
        return shape


@dataclass(frozen=True)
class Shortcut(Affine):
    """A layer added to the value x that was there before it, of the same shape (Liu et al. 2018, Bi-Real Net).

    int32 in, float32 out, the new value: x + (float32(sum) * scale[o] + shift[o]), every operation rounded once, in
    this order, none contracted into a fused multiply-add. Then all backends agree on it to the bit.
    """


@dataclass(frozen=True)
class Sign:
    """The bits of a value, which stays: float32 in, bits out; +1 iff x >= 0.

    So -0.0 gives +1, and what is not a number, as infinities of two signs add up to, gives -1.
    """

    def gives(self, shape: Shape) -> Shape:
        """The shape that it takes."""
        return shape


@dataclass(frozen=True)
class FloatDense:
    """Float layer with batch-norm folded in: float32 in, float32 out; weight [outputs, inputs], bias [outputs].

    On a map the inputs are its values in the order (row, column, channel). shortcut: what the layer before gave is
    added, as it was before its ReLU.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    relu: bool
    shortcut: bool = False

    @property
    def outputs(self) -> int:
        return int(self.weight.shape[0])

    @property
    def inputs(self) -> int:
        return int(self.weight.shape[1])

    def gives(self, shape: Shape) -> Shape:
        """(outputs,) of a vector, or of a map flattened."""
        check_array("weight", self.weight, np.float32, (self.outputs, math.prod(shape)))
        check_array("bias", self.bias, np.float32, (self.outputs,))
        return (self.outputs,)


@dataclass(frozen=True)
class FloatConv:
    """Float convolution, pooling where there is any, then * scale + bias (batch-norm), then ReLU; padding value 0.

    weight: float32 [outputs, kernel, kernel, channels]; scale, bias: float32 [outputs]. The scale stands by itself
    because a negative one must not be drawn before the maximum. shortcut: as in FloatDense, added after the bias.
    """

    weight: NDArray[np.float32]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    relu: bool
    stride: int = 1
    padding: int = 0
    pool: MaxPool | None = None
    shortcut: bool = False

    @property
    def outputs(self) -> int:
        return int(self.weight.shape[0])

    @property
    def kernel(self) -> int:
        """Side of the kernel in pixels."""
        return int(self.weight.shape[1])

    @property
    def inputs(self) -> int:
        """Terms of one sum: kernel * kernel * channels."""
        return self.weight.size // self.outputs

    def before_pooling(self, shape: Shape) -> Shape:
        """(height, width, outputs) of the sums."""
        channels = int(self.weight.shape[-1])
        sides = self.weight.shape[:2] + self.weight.shape[1:2]
        check_array("weight", self.weight, np.float32, (*sides, channels))
        check_array("scale", self.scale, np.float32, (self.outputs,))
        check_array("bias", self.bias, np.float32, (self.outputs,))
        return convolved(shape, channels, self.outputs, self.kernel, self.stride, self.padding)

    def gives(self, shape: Shape) -> Shape:
        """(height, width, outputs) of a map with this many channels."""
        sums = self.before_pooling(shape)
        return sums if self.pool is None else self.pool.gives(sums)


def windows(size: int, window: int, stride: int, padding: int = 0) -> int:
    """How many windows fit along a side of `size` pixels with `padding` more at both ends. Raises BadInput for none."""
    count = (size + 2 * padding - window) // stride + 1
    if count < 1:
        raise BadInput(f"A window of {window} pixels does not fit on {size}.", "Use larger images or fewer layers.")
    return count


def convolved(shape: Shape, channels: int, outputs: int, kernel: int, stride: int, padding: int) -> Shape:
    """The shape of a map of `channels` after a convolution. Raises BadInput."""
    if kernel not in KERNELS or stride not in STRIDES or not 0 <= padding <= kernel // 2:
        raise BadInput(
            f"A convolution of {kernel}x{kernel}, stride {stride}, padding {padding} is not known here.",
            "Use 1, 3 or 5 pixels, stride 1 or 2, and at most half the kernel as padding.",
        )
    height, width, found = _map(shape)
    if channels < 1 or outputs < 1:
        raise BadInput(f"A convolution of {channels} channels into {outputs} is none.", _REBUILD)
    if found != channels:
        raise BadInput(f"A convolution of {channels} channels is given {found}.", _REBUILD)
    return (windows(height, kernel, stride, padding), windows(width, kernel, stride, padding), outputs)


def check_array(name: str, array: NDArray[Any], dtype: type, shape: Shape) -> None:
    """Raise BadInput unless an array of an operation has this dtype and shape."""
    if array.dtype != dtype or array.shape != shape:
        raise BadInput(f"'{name}' is {array.dtype} {array.shape}; {np.dtype(dtype)} {shape} was expected.", _REBUILD)


def _map(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise BadInput("A convolution or pooling is given no map.", "Put it before the dense layers.")
    return (shape[0], shape[1], shape[2])


def _check_padding(weights: Words, bits: int) -> None:
    tail = bits % 64
    if tail and np.any(weights[..., -1] >> np.uint64(tail)):
        raise BadInput("Padding bits of a layer are set.", "Padding bits of packed weights must be 0.")
