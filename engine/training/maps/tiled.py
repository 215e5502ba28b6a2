"""The gradient of a layer's weights where there are tile registers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.jit.layout import aligned, whole
from engine.jit.record import Record, filled
from engine.jit.training import halves, kernels, tiled, tiles
from engine.jit.training.maps import LANES
from engine.jit.training.shape import GROUP
from engine.training.maps.layer import NUMBER, Array, Layer, of_image, parts
from engine.training.maps.weighing import PLACES, Weighing
from engine.training.native.programs import at

LINES = 512
"""Lines of places that are multiplied at once: so many low bytes times 255 each still fit 32 bits."""


class Tiled(Weighing):
    """Its product goes along all places of the ringed map, of a dense layer along the images.

    Sums with high bytes and with low ones are put together as floats, so that gradients may take all 16 bits: for
    pixels, whose sums mostly cancel, the last ones count.

    A shift of the window is a shift of the address of what came in, four places of which lie beside each other, from
    every one of the first four on; gradients lie channel by channel, in halves.
    """

    most = (1 << 15) - 1

    def __init__(self, layer: Layer, gradients: Array) -> None:
        g = layer.g
        self._taps = (1, 1) if g.dense else (g.down, g.across)
        self._places = 1 if g.dense else g.ringed[0] * g.ringed[1]  # of an image
        self._groups = g.height * g.width if g.dense else 1  # of blocks of channels
        self._of_pixels = "-pixels" * g.on_pixels
        self._deep = whole(g.channels, LANES)
        super().__init__(layer, gradients, (g.wide, g.down * g.across * self._deep))
        self._chunk = layer.images if g.dense else max(1, PLACES // self._places)
        self._lines = whole(self._chunk * self._places, tiles.LINE) // tiles.LINE
        shift = (self._taps[0] - 1) * g.ringed[1] + self._taps[1] - 1
        self._phases = min(GROUP, shift + 1)
        self._quads = self._lines * tiles.SIDE + shift // GROUP
        # an odd number of lines, so that not all channels' are in the same few places of a cache
        room = (self._lines + 1 | 1) * tiles.LINE
        workers, columns = len(layer.shares), self._groups * self._deep // LANES
        self._halves: Array = aligned((workers, 2, g.wide, room), np.uint8)
        self._seen: Array = aligned((workers, columns, self._phases, self._quads, tiles.LINE), np.uint8)

    @staticmethod
    def fits(layer: Layer) -> bool:
        """Whether there is a kernel for its windows."""
        g = layer.g
        return layer.weights.tiled and g.stride == 1 and g.pool in halves.SIZES

    def begin(self) -> None:
        """The first part of each thread starts sums anew."""

    def found(self) -> NDArray[np.float32]:
        g = self._layer.g
        self._add_up()
        rows = self._total[: g.outputs].reshape(g.outputs, -1, self._deep)[:, :, : g.channels]
        return rows.reshape(g.outputs, g.inputs)

    def _of_share(self, share: slice, worker: int) -> Iterator[Record]:
        for part in parts(share, self._chunk):
            yield self._by_channel(part, self._halves[worker])
            yield self._beside(part, self._seen[worker])
            places = (part.stop - part.start) * self._places
            for lines in parts(slice(0, whole(places, tiles.LINE) // tiles.LINE), LINES):
                yield self._multiplied(lines, worker, before=part.start > share.start or lines.start > 0)

    def _by_channel(self, part: slice, into: Array) -> Record:
        layer, g = self._layer, self._layer.g
        return filled(
            halves.CHANNELS_FIELDS, kernel=kernels.address(f"map-channels-{g.pool}"), units=g.wide // LANES,
            source=of_image(self._gradients, part.start, g.places * g.wide), factors=at(self.factors),
            which=at(layer.which, part.start) if g.pool > 1 else 0, target=at(into), channel_step=into.strides[1],
            low=into.strides[0], down=g.ringed[1], **self._walk(part),
        )  # fmt: skip

    def _walk(self, part: slice) -> dict[str, int]:
        """A dense layer's images are places of a line."""
        g, count = self._layer.g, part.stop - part.start
        if g.dense:
            return {"images": 1, "lines": 1, "rows": count, "image_step": count}
        (lines, rows), step = g.gives, g.pool * g.ringed[1]
        return {"images": count, "lines": lines, "rows": rows, "image_step": self._places, "line_step": step}

    def _beside(self, part: slice, into: Array) -> Record:
        g, source = self._layer.g, self._layer.source
        places = (part.stop - part.start) * self._places
        image, _, place, _ = source.strides
        return filled(
            halves.QUADS_FIELDS, kernel=kernels.address("map-quads" + self._of_pixels), source=at(source, part.start),
            target=at(into), groups=self._groups, blocks=self._deep // LANES, phases=self._phases,
            quads=whole(places, GROUP) // GROUP, group_step=place, place_step=image if g.dense else place,
            block_step=into.strides[0], phase_step=into.strides[1],
        )  # fmt: skip

    def _multiplied(self, lines: slice, worker: int, *, before: bool) -> Record:
        g, own, seen, products = self._layer.g, self._halves[worker], self._seen[worker], self._products[worker]
        down, across = self._taps
        return filled(
            tiled.WEIGHTS_FIELDS, kernel=kernels.address("map-weights-tiled" + self._of_pixels),
            source=at(own, 0, 0, lines.start * tiles.LINE), low=own.strides[0], channel_step=own.strides[1],
            seen=at(seen, 0, 0, lines.start * tiles.SIDE), seen_step=seen.strides[0], phase_step=seen.strides[1],
            columns=len(seen), lines=lines.stop - lines.start, down=down, across=across, pitch=g.ringed[1],
            steps=at(self.steps), target=at(products), before=before, outputs=g.wide // LANES,
            target_row=products.strides[0], target_tap=NUMBER * self._deep,
        )  # fmt: skip
