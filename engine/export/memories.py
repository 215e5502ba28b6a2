"""A network as memory files for an FPGA: hexadecimal words as $readmemh reads them, and a manifest of what is where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.export.layers import Layer, description, layers
from engine.inference.network import PackedNetwork

MANIFEST, README = "manifest.json", "README.txt"
VERSION = 1
"""Of the manifest."""
_FLOAT_BITS = 32

Array = NDArray[Any]


def files(network: PackedNetwork) -> Iterator[tuple[str, str]]:
    """The files by name: weights and thresholds or floats of each layer, then the manifest and how to read it."""
    record = {"format": "flipscope-memories", "version": VERSION, **description(network)}
    for layer, entry in zip(layers(network), record["layers"], strict=True):
        entry["compares"] = None if layer.threshold() is None else "sums" if layer.pixels else "matches"
        entry["memories"] = {}
        for kind, (text, bits) in _memories(layer).items():
            name = f"{layer.name}_{kind}.hex"
            entry["memories"][kind] = {"file": name, "words": layer.outputs, "bits": bits}
            yield name, text
    yield MANIFEST, json.dumps(record, indent=2) + "\n"
    yield README, _README


def _memories(layer: Layer) -> dict[str, tuple[str, int]]:
    """Text and bits of a word, by kind; a word an output."""
    made = {"weights": (_rows(layer.signs()), layer.terms)}
    threshold = layer.threshold()
    if threshold is not None:
        values, bits = (threshold, _signed_bits(layer)) if layer.pixels else _matches(layer, threshold)
        made["threshold"] = (_integers(values, bits), bits)
        made["rising"] = (_integers(layer.rising, 1), 1)
    for kind, floats in layer.floats().items():
        made[kind] = (_integers(floats.view(np.uint32), _FLOAT_BITS), _FLOAT_BITS)
    return made


def _matches(layer: Layer, threshold: NDArray[np.int32]) -> tuple[Array, int]:
    """Thresholds of the number of equal bits, 0 to terms + 1: sum = 2 * matches - terms."""
    return -(-(threshold.astype(np.int64) + layer.terms) // 2), (layer.terms + 1).bit_length()


def _signed_bits(layer: Layer) -> int:
    """Bits of two's complement that hold every threshold of a sum."""
    return (layer.reach + 1).bit_length() + 1


def _rows(signs: NDArray[np.bool_]) -> str:
    """Rows bool [outputs, terms] as hexadecimal numbers, the first term in the lowest bit."""
    digits = -(-signs.shape[1] // 4)
    octets = np.packbits(signs, axis=1, bitorder="little")[:, ::-1]
    return "".join(f"{row.tobytes().hex()[-digits:]}\n" for row in octets)


def _integers(values: Array, bits: int) -> str:
    """Integers in two's complement of so many bits."""
    digits, mask = -(-bits // 4), (1 << bits) - 1
    return "".join(f"{int(value) & mask:0{digits}x}\n" for value in values)


_README = """\
Memory files of a binarized network, written by Flipscope.

Every .hex file is read by $readmemh. It has one line for each output of its layer, in order; manifest.json gives the
number of words and the bits of each, shapes, strides and padding. Leading bits of a line beyond those are 0.

weights    One bit a term: 1 is +1, 0 is -1. Bit 0, the last one of a line, is the first term. Terms are in the order
           (row, column, channel) of the map or of the kernel's window; of a vector, as the layer before gives them.
threshold  An output is +1 if and only if (x >= threshold) equals its bit in `rising`.
           Where "compares" is "matches", x is the number of terms whose two bits are equal, unsigned.
           Where it is "sums" (a layer on pixels), x is the sum of +-pixels, and both are in two's complement.
scale      With shift, in place of thresholds: float32(sum) * scale, rounded, + shift, rounded; words are IEEE 754
           single precision. On signs, sum = 2 * matches - terms. Where "adds" is true this is added to the value
           that is there, rounded again. The last layer's are the scores; elsewhere the next layer takes the signs,
           +1 where the value >= 0.

"pool" is [size, stride] of a maximum over the sums (or matches), taken before the threshold. "padding" lies around
the map: 0 on pixels, bit 0 (-1) on signs. Where "input" is "signs", a pixel of 128 or more is +1.
"""
