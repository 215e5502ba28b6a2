"""How moments of a run are kept small: chunks of one key picture and compressed differences from it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.bits import Words

Scalar = TypeVar("Scalar", bound=np.generic)

CHUNK = 16
"""Moments of a full chunk."""
RECORD_OVERHEAD, LAYER_OVERHEAD = 900, 700
"""Bytes of Python objects around the compressed data of a record, and of each of its layers; rounded up."""


@dataclass(frozen=True)
class Arrival:
    """A moment as it came, not yet compressed. span: steps since the moment before it."""

    step: int
    epoch: float
    time: float
    span: int
    layers: tuple[m.LayerFrame, ...]
    watch: m.WatchTrace | None

    @property
    def nbytes(self) -> int:
        """What its arrays take."""
        return sum(
            layer.signs.nbytes
            + layer.tile_flips.nbytes
            + layer.latent_histogram.nbytes
            + layer.preactivation_histogram.nbytes
            for layer in self.layers
        ) + _watch_bytes(self.watch)


@dataclass(frozen=True)
class LayerRecord:
    """One layer of a record. signs: zlib of its signs XOR the chunk's key; the arrays of the rest zlib as they are."""

    signs: bytes
    tile_flips: bytes
    histograms: bytes
    flips: int
    flip_rate: float
    clipped: float
    positive: float


@dataclass(frozen=True)
class Record:
    """A moment, compressed. span: steps since the moment before it."""

    step: int
    epoch: float
    time: float
    span: int
    layers: tuple[LayerRecord, ...]
    watch: m.WatchTrace | None

    @property
    def nbytes(self) -> int:
        """What it takes, objects included."""
        return (
            RECORD_OVERHEAD
            + _watch_bytes(self.watch)
            + sum(LAYER_OVERHEAD + len(r.signs) + len(r.tile_flips) + len(r.histograms) for r in self.layers)
        )


@dataclass(frozen=True)
class Shape:
    """What does not change of a layer."""

    name: str
    outputs: int
    inputs: int
    words: tuple[int, ...]
    tiles: tuple[int, ...]


class Chunk:
    """Successive moments of one network: the first one's signs as the key, and each moment against it."""

    def __init__(self, shapes: tuple[Shape, ...], key: tuple[bytes, ...], records: list[Record]) -> None:
        self.shapes, self.key, self.records = shapes, key, records

    @classmethod
    def opened_by(cls, arrival: Arrival) -> Chunk:
        """An empty chunk whose key is the picture of `arrival`."""
        return cls(shapes_of(arrival), tuple(pack(layer.signs) for layer in arrival.layers), [])

    @property
    def nbytes(self) -> int:
        return sum(map(len, self.key)) + sum(r.nbytes for r in self.records)

    def key_signs(self, layer: int) -> Words:
        """The key picture of a layer, uint64 [outputs, words]."""
        return unpack(self.key[layer], np.uint64, self.shapes[layer].words)

    def encode(self, arrival: Arrival, keys: list[Words]) -> Record:
        """The record of a moment; `keys` are this chunk's key pictures, one a layer."""
        layers = tuple(_encode_layer(layer, key) for layer, key in zip(arrival.layers, keys, strict=True))
        return Record(arrival.step, arrival.epoch, arrival.time, arrival.span, layers, arrival.watch)

    def newest(self) -> tuple[Arrival, list[Words]]:
        """The last moment as it came, and the key pictures, one a layer."""
        record, keys = self.records[-1], [self.key_signs(layer) for layer in range(len(self.shapes))]
        layers = tuple(self.decode(record, layer, key) for layer, key in enumerate(keys))
        return Arrival(record.step, record.epoch, record.time, record.span, layers, record.watch), keys

    def signs(self, record: Record, layer: int, key: Words) -> Words:
        """The signs of one layer of one of this chunk's records."""
        return key ^ unpack(record.layers[layer].signs, np.uint64, self.shapes[layer].words)

    def decode(self, record: Record, layer: int, key: Words) -> m.LayerFrame:
        """One layer of one of this chunk's records, as it came."""
        shape, kept = self.shapes[layer], record.layers[layer]
        latent, preactivation = unpack(kept.histograms, np.int64, (2, m.BINS))
        return m.LayerFrame(
            shape.name,
            shape.outputs,
            shape.inputs,
            self.signs(record, layer, key),
            unpack(kept.tile_flips, np.uint32, shape.tiles),
            kept.flips,
            kept.flip_rate,
            latent,
            kept.clipped,
            preactivation,
            kept.positive,
        )


def halved(chunk: Chunk, *, keep_first: bool) -> Chunk:
    """The same chunk with every other moment; the last stays, and the very first of a run where asked."""
    kept = _every_other(chunk.records, chunk.shapes, keep_first)
    return Chunk(chunk.shapes, chunk.key, [record for _, record in kept])


def merged(first: Chunk, second: Chunk, *, keep_first: bool) -> Chunk:
    """Two neighbouring chunks of one network as one with half as many moments."""
    own = len(first.records)
    kept = _every_other(first.records + second.records, first.shapes, keep_first)
    turn = [first.key_signs(i) ^ second.key_signs(i) for i in range(len(first.shapes))]
    records = [record if index < own else _rekeyed(record, first.shapes, turn) for index, record in kept]
    return Chunk(first.shapes, first.key, records)


def joined(before: Arrival, after: Arrival) -> Arrival:
    """The later of two moments, standing for both: its flips are those since the moment before the earlier."""
    span = before.span + after.span
    layers = tuple(
        replace(
            b,
            tile_flips=a.tile_flips + b.tile_flips,
            flips=a.flips + b.flips,
            flip_rate=_mean_rate(a.flip_rate, before.span, b.flip_rate, after.span),
        )
        for a, b in zip(before.layers, after.layers, strict=True)
    )
    return replace(after, span=span, layers=layers)


def shapes_of(arrival: Arrival) -> tuple[Shape, ...]:
    """The shapes of a moment's layers."""
    return tuple(Shape(a.name, a.outputs, a.inputs, a.signs.shape, a.tile_flips.shape) for a in arrival.layers)


def pack(array: NDArray[np.generic]) -> bytes:
    """An array compressed: runs of one byte, then by how common a byte is.

    Of flipped bits that is smaller than with a search for what was there before, and takes half the time.
    """
    packer = zlib.compressobj(1, strategy=zlib.Z_RLE)
    return packer.compress(np.ascontiguousarray(array).data) + packer.flush()


def unpack(data: bytes, dtype: type[Scalar], shape: tuple[int, ...]) -> NDArray[Scalar]:
    """What `pack` made, read-only."""
    return np.frombuffer(zlib.decompress(data), dtype).reshape(shape)


def _encode_layer(layer: m.LayerFrame, key: Words) -> LayerRecord:
    histograms = np.stack([layer.latent_histogram, layer.preactivation_histogram])
    return LayerRecord(
        pack(layer.signs ^ key),
        pack(layer.tile_flips),
        pack(histograms),
        layer.flips,
        layer.flip_rate,
        layer.clipped,
        layer.positive,
    )


def _every_other(records: list[Record], shapes: tuple[Shape, ...], keep_first: bool) -> list[tuple[int, Record]]:
    kept: list[tuple[int, Record]] = []
    dropped: Record | None = None
    for index, record in enumerate(records):
        whole = record if dropped is None else _with_flips_of(dropped, record, shapes)
        if (len(records) - 1 - index) % 2 == 0 or (keep_first and index == 0):
            kept.append((index, whole))
            dropped = None
        else:
            dropped = whole
    return kept


def _with_flips_of(dropped: Record, record: Record, shapes: tuple[Shape, ...]) -> Record:
    layers = []
    for before, after, shape in zip(dropped.layers, record.layers, shapes, strict=True):
        tiles = unpack(before.tile_flips, np.uint32, shape.tiles) + unpack(after.tile_flips, np.uint32, shape.tiles)
        rate = _mean_rate(before.flip_rate, dropped.span, after.flip_rate, record.span)
        layers.append(replace(after, tile_flips=pack(tiles), flips=before.flips + after.flips, flip_rate=rate))
    return replace(record, span=dropped.span + record.span, layers=tuple(layers))


def _rekeyed(record: Record, shapes: tuple[Shape, ...], turn: list[Words]) -> Record:
    """The record against another key; turn: the old key XOR the new one, a layer each."""
    layers = tuple(
        replace(kept, signs=pack(unpack(kept.signs, np.uint64, shape.words) ^ change))
        for kept, shape, change in zip(record.layers, shapes, turn, strict=True)
    )
    return replace(record, layers=layers)


def _mean_rate(before: float, before_span: int, after: float, after_span: int) -> float:
    steps = before_span + after_span
    return (before * before_span + after * after_span) / steps if steps else after


def _watch_bytes(watch: m.WatchTrace | None) -> int:
    return 0 if watch is None else 400 + watch.step.nbytes + watch.latent.nbytes
