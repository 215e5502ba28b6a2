"""The gradient of what came into a layer: that of its sums, as integers, convolved with the signs of the weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from engine.jit.layout import aligned
from engine.jit.record import Record, filled, record
from engine.jit.target import host
from engine.jit.training import kernels, listed, tiled, tiles
from engine.jit.training.maps import LANES, PAIR
from engine.jit.training.shape import shape_for
from engine.training.maps.layer import NUMBER, Array, Layer, of_image, parts, roomy
from engine.training.maps.rounding import rounded
from engine.training.maps.weights import BLOCK
from engine.training.native.programs import at
from engine.training.native.together import Together

NEAR = {8: 28 << 10, 16: 1 << 18}
"""Bytes of weights that results made at once may meet, by lanes of a vector: what stays in the nearest cache, or in the
second one, from which more of them are quicker than one alone that waits for itself."""
ENTRIES = 1 << 17
"""Bytes of listed gradients that are made and met at once."""
HALVES = 1 << 18
"""The same of high bytes, which there are as many low ones as."""


class Returning(ABC):
    """For the batches of a layer.

    Attributes:
        factors: float32 [images, wide], what gradients are multiplied by before they are rounded.
    """

    def __init__(self, layer: Layer, gradients: Array) -> None:
        """gradients: float32, those of the sums."""
        self._layer, self._gradients = layer, gradients
        self.factors: Array = aligned((layer.images, layer.g.wide), np.float32)

    def calls(self, given: Array) -> Together:
        """What makes `given`, int32 [images, height, width, deep], of a batch."""
        return Together(self._of_share(share, worker, given) for worker, share in enumerate(self._layer.shares))

    @abstractmethod
    def _of_share(self, share: slice, worker: int, given: Array) -> Iterator[Record]: ...

    def _rounded(self, share: slice, into: Array, low: int = 0) -> Record:
        """Those of some images, ringed as widely as windows reach beyond the map; into: from these images on."""
        g, (_, line, place, _) = self._layer.g, into.strides
        corner = (0, 0) if g.dense else (g.down - 1 - g.padding, g.across - 1 - g.padding)
        target = into[:, corner[0] :, corner[1] :]
        steps = g.stride * line, g.stride * place
        return rounded(self._layer, share, self._gradients, self.factors, target, *steps, low=low)

    def _into(self, given: Array, image: int) -> int:
        g = self._layer.g
        return of_image(given, image, g.height * g.width * g.deep)


class Whole(Returning):
    """All products are made."""

    def __init__(self, layer: Layer, gradients: Array) -> None:
        super().__init__(layer, gradients)
        self._spread = roomy((layer.images, *layer.g.spread, layer.g.wide), np.int16)

    def _of_share(self, share: slice, worker: int, given: Array) -> Iterator[Record]:  # noqa: ARG002
        g, w, (image, line, place, _) = self._layer.g, self._layer.weights, self._spread.strides
        yield self._rounded(share, self._spread[share.start :])
        count, entry = share.stop - share.start, NUMBER * w.entries
        if g.dense:
            walk = {"images": 1, "lines": 1, "rows": count, "row_step": image, "segments": 1, "units": g.wide // PAIR}
        else:
            walk = {
                "images": count, "lines": g.height, "rows": g.width, "image_step": image, "line_step": line,
                "row_step": place, "segments": g.down, "units": g.across * g.wide // PAIR, "pitch": line,
                "target_image": g.height * g.width * entry, "target_line": g.width * entry,
            }  # fmt: skip
        yield record(
            kernel=kernels.address("map-inputs"), source=at(self._spread, share.start), weights=at(w.backward),
            base=at(w.none), blocks=w.entries // BLOCK, outputs=w.entries, group=1, target_row=entry,
            target=self._into(given, share.start), **walk,
        )  # fmt: skip


class Listed(Returning):
    """Under pooling: of a few images at a time what is not 0 is listed, and only that is multiplied."""

    def __init__(self, layer: Layer, gradients: Array) -> None:
        super().__init__(layer, gradients)
        g, workers = layer.g, len(layer.shares)
        # a window has one gradient in each channel, each in a pair of its own at worst; and one is written beyond
        room = listed.ENTRY * (g.places * g.wide + 1)
        self._chunk = max(1, ENTRIES // room)
        self._spread = roomy((workers, self._chunk, *g.spread, g.wide), np.int16)
        self._entries: Array = aligned((workers, self._chunk, room), np.uint8)
        self._starts: Array = aligned((workers, self._chunk, g.spread[0] * g.spread[1] + 1), np.int32)
        self._line = listed.WEIGHTS * g.across * g.wide // PAIR  # bytes of what a line of the window meets in a block
        units, shape = g.deep // LANES, shape_for(host())
        assert shape is not None
        near = NEAR[shape.lanes]
        fitting = [blocks for blocks in listed.BLOCKS if units % blocks == 0 and blocks * self._line <= near]
        self._blocks = max(fitting, default=1)

    @staticmethod
    def fits(layer: Layer) -> bool:
        """Whether most of its gradients are 0."""
        return layer.g.pool > 1

    def _of_share(self, share: slice, worker: int, given: Array) -> Iterator[Record]:
        for part in parts(share, self._chunk):
            yield from self._of_part(part, worker, given)

    def _of_part(self, part: slice, worker: int, given: Array) -> Iterator[Record]:
        g, weights = self._layer.g, self._layer.weights.backward
        spread, entries, starts = (array[worker] for array in (self._spread, self._entries, self._starts))
        (lines, rows), pairs, count = g.spread, g.wide // PAIR, part.stop - part.start
        yield self._rounded(part, spread)
        yield filled(
            listed.LIST_FIELDS, kernel=kernels.address("map-list"), source=at(spread), target=at(entries),
            starts=at(starts), images=count, lines=lines, rows=rows, pairs=pairs, image_step=spread.strides[0],
            target_image=entries.strides[0],
        )  # fmt: skip
        yield filled(
            listed.PRODUCT_FIELDS, kernel=kernels.address(f"map-inputs-listed-{self._blocks}"), source=at(entries),
            starts=at(starts), weights=at(weights), target=self._into(given, part.start), images=count,
            lines=g.height, rows=g.width, units=g.deep // LANES // self._blocks, pairs=pairs, down=g.down,
            across=g.across, source_image=entries.strides[0], places=lines * rows, ringed_rows=rows,
            unit_step=weights.strides[0], tap_step=self._line, target_image=NUMBER * g.height * g.width * g.deep,
            outputs=g.deep,
        )  # fmt: skip


class Tiled(Returning):
    """Where there are tile registers: of a few images at a time, in halves, zeros and all."""

    def __init__(self, layer: Layer, gradients: Array) -> None:
        super().__init__(layer, gradients)
        g = layer.g
        places = g.spread[0] * g.spread[1]
        self._chunk = layer.images if g.dense else max(1, HALVES // (places * g.wide))
        self._places: Array = roomy((len(layer.shares), 2, self._chunk * places + tiled.BEYOND, g.wide), np.uint8)

    def _of_share(self, share: slice, worker: int, given: Array) -> Iterator[Record]:
        for part in parts(share, self._chunk):
            yield from self._of_part(part, worker, given)

    def _of_part(self, part: slice, worker: int, given: Array) -> Iterator[Record]:
        g, weights, halves, count = self._layer.g, self._layer.weights, self._places[worker], part.stop - part.start
        (lines, rows), place = g.spread, halves.strides[1]
        spread = halves[0, : self._chunk * lines * rows].reshape(self._chunk, lines, rows, g.wide)
        yield self._rounded(part, spread, low=halves.strides[0])
        if g.dense:
            walk = {"images": 1, "places": count, "rows": count, "ringed_rows": count}
        else:
            walk = {"images": count, "places": (g.height - 1) * rows + g.width, "rows": g.width, "ringed_rows": rows}
        blocks, down, line, _ = weights.backward.shape
        yield filled(
            tiled.INPUTS_FIELDS, kernel=kernels.address("map-inputs-tiled"), source=at(halves), low=halves.strides[0],
            weights=at(weights.backward), target=self._into(given, part.start), blocks=blocks, down=down,
            runs=line // tiles.SIDE, image_step=spread.strides[0], place_step=place,
            block_step=weights.backward.strides[0], target_image=NUMBER * g.height * g.width * g.deep,
            target_row=NUMBER * weights.entries, **walk,
        )  # fmt: skip


def returning(layer: Layer, gradients: Array) -> Returning:
    """The way that suits a layer."""
    if layer.weights.tiled:
        return Tiled(layer, gradients)
    return Listed(layer, gradients) if Listed.fits(layer) else Whole(layer, gradients)
