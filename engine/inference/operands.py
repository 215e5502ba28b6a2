"""What benchmarks run on: cases as they are written, random operands for them, and the bytes that they move."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.bits import Words, pack, words_for
from engine.errors import BadInput
from engine.inference.network import Affine, Conv, Dense, Metadata, Operation, PackedNetwork, Shape, Threshold

LARGEST = 1 << 15
"""The longest side of a product, the widest layer, the largest batch."""
DEEPEST = 100
"""Repeats of one layer in an architecture, at most."""
LONGEST = 1 << 13
"""The longest side of a product that is given by all three."""
LARGEST_MAPS = 1 << 29
"""Values of all maps of one batch at most: two gigabytes of floats."""
KERNEL, PADDING = 3, 1
"""Side and padding of every convolution that is timed; its stride is 1, and it has as many outputs as channels."""
SWEEP = (
    *((n, n, n) for n in (64, 128, 256, 512, 1024, 2048, 4096)),
    *((rows, 4096, 4096) for rows in (1, 4, 16, 64, 256)),
    *((1024, 1024, k) for k in (64, 256, 4096)),
)
"""Products (M, N, K) from a few multiply-accumulates a byte to a thousand: the roofline."""
WORD_BYTES, NUMBER_BYTES = 8, 4


@dataclass(frozen=True)
class Traffic:
    """Bytes that a case moves at least: operands and result once, by the form that a row has them in."""

    packed: int
    floats: int
    int8: int = 0

    def of(self, kind: str) -> int:
        """Of a row's kind (see messages.BenchRow)."""
        return {"xnor": self.packed, "bits": self.packed, "int8": self.int8}.get(kind, self.floats)


def product_traffic(rows: int, columns: int, k: int) -> Traffic:
    """Of a product: [rows, k] and [columns, k] in, four bytes a sum out."""
    sums, operands = NUMBER_BYTES * rows * columns, rows + columns
    packed = WORD_BYTES * words_for(k) * operands
    return Traffic(packed + sums, NUMBER_BYTES * k * operands + sums, k * operands + sums)


def network_traffic(network: PackedNetwork, batch: int) -> Traffic:
    """Of a network on pixels: weights and images in, scores out; what lies between two layers is not counted."""
    images, scores = batch * network.metadata.inputs, NUMBER_BYTES * batch * network.classes
    floats = NUMBER_BYTES * (network.weight_count + images)
    return Traffic(network.weight_bytes + images + scores, floats + scores)


def convolution_traffic(conv: Conv, shape: Shape, batch: int) -> Traffic:
    """Of a convolution with its threshold: maps and weights in, maps out."""
    height, width, channels = shape
    down, across, outputs = conv.gives(shape)
    places = height * width * words_for(channels) + down * across * words_for(outputs)
    values = height * width * channels + down * across * outputs
    floats = NUMBER_BYTES * (batch * values + conv.outputs * conv.inputs)
    return Traffic(WORD_BYTES * batch * places + conv.weights.nbytes, floats)


# ---------------------------------------------------------------- cases as they are written


def product_of(text: str) -> tuple[int, int, int]:
    """M, N and K of "1000x777x513" or "1000, 777, 513". Raises BadInput."""
    parts = re.split(r"[\s,x×*]+", text.strip())
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise BadInput("A product needs three sizes.", "Give M, N, K, for example 1000, 777, 513.")
    rows, columns, depth = (int(part) for part in parts)
    if not all(1 <= side <= LONGEST for side in (rows, columns, depth)):
        raise BadInput("A size is out of range.", f"Give each of M, N and K between 1 and {LONGEST}.")
    return rows, columns, depth


def widths_of(architecture: str) -> tuple[int, ...]:
    """Widths of "784-1024x3-10": 784, 1024, 1024, 1024, 10. Raises BadInput."""
    widths: list[int] = []
    for part in architecture.split("-"):
        width, cross, times = part.partition("x")
        if (
            len(part) > 12
            or not width.isdecimal()
            or (cross and not (times.isdecimal() and 1 <= int(times) <= DEEPEST))
        ):
            raise BadInput(
                f"'{architecture}' is no architecture.", f"Write it like 784-1024x3-10, with at most {DEEPEST} repeats."
            )
        widths += [int(width)] * (int(times) if cross else 1)
    if len(widths) < 2 or not all(1 <= width <= LARGEST for width in widths):
        raise BadInput(f"'{architecture}' is no architecture.", f"Give two or more widths of 1 to {LARGEST}.")
    return tuple(widths)


def map_of(text: str) -> Shape:
    """Height, width and channels of "128@32x32". Raises BadInput."""
    channels, _, image = text.partition("@")
    sides = [channels, *image.split("x")]
    if len(sides) != 3 or not all(side.isdecimal() and len(side) < 7 and int(side) for side in sides):
        raise BadInput(f"'{text}' is no convolution.", "Write channels and image like 128@32x32.")
    return int(sides[1]), int(sides[2]), int(sides[0])


# ---------------------------------------------------------------- random operands


def random_words(rng: np.random.Generator, rows: int, bits: int) -> Words:
    """uint64 [rows, ceil(bits/64)] of full entropy: constant operands would flatter some kernels."""
    words = rng.integers(0, 2**64, (rows, words_for(bits)), dtype=np.uint64)
    return words & pack(np.ones(bits, np.bool_))


def random_network(widths: Sequence[int]) -> PackedNetwork:
    """A network of these widths whose weights and thresholds are random, on 8-bit pixels."""
    rng = np.random.default_rng(0)
    operations: list[Operation] = []
    spread = 148.0  # root mean square of a uniform byte
    for inputs, outputs in pairwise(widths[:-1]):
        operations += [_random_dense(rng, inputs, outputs), _random_threshold(rng, inputs, outputs, spread)]
        spread = 1.0
    scale, shift = rng.standard_normal((2, widths[-1])).astype(np.float32)
    operations += [_random_dense(rng, widths[-2], widths[-1]), Affine(scale, shift)]
    names = tuple(str(i) for i in range(widths[-1]))
    return PackedNetwork(Metadata("random", "", (1, widths[0], 1), names), tuple(operations))


def random_convolution(channels: int) -> tuple[Conv, Threshold]:
    """A convolution with as many outputs as channels, and thresholds within the reach of its sums."""
    rng = np.random.default_rng(0)
    weights = random_words(rng, channels * KERNEL**2, channels).reshape(channels, KERNEL, KERNEL, -1)
    conv = Conv(weights, channels, 1, PADDING)
    return conv, _random_threshold(rng, conv.inputs, channels, 1.0)


def random_maps(shape: Shape, batch: int) -> Words:
    """Maps of signs, uint64 [batch, H, W, ceil(C/64)]."""
    height, width, channels = shape
    words = random_words(np.random.default_rng(2), batch * height * width, channels)
    return words.reshape(batch, height, width, -1)


def _random_dense(rng: np.random.Generator, inputs: int, outputs: int) -> Dense:
    return Dense(random_words(rng, outputs, inputs), inputs)


def _random_threshold(rng: np.random.Generator, inputs: int, outputs: int, spread: float) -> Threshold:
    limits = np.rint(rng.standard_normal(outputs) * spread * np.sqrt(inputs)).astype(np.int32)
    return Threshold(limits, rng.random(outputs) < 0.5)
