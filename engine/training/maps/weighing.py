"""The gradient of a layer's weights: that of its sums times what came in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.jit.layout import aligned, whole
from engine.jit.record import Record, filled, record
from engine.jit.training import kernels, maps, pooled, slopes, turned
from engine.jit.training.maps import LANES, PAIR
from engine.training.maps.layer import NUMBER, Array, Layer, of_image, parts, roomy
from engine.training.maps.rounding import SHORT, most, rounded
from engine.training.maps.weights import BLOCK
from engine.training.native.programs import at
from engine.training.native.together import Call, Together

PLACES = 1152
"""Places whose gradients and what came in are multiplied at once, so that both stay in a near cache."""
PIXEL_PLACES = 512
"""The same of pixels: so few that sums of gradients of 14 bits times 255 fit. What the parts come to adds up as floats,
of which the gradient of the first layer, where sums mostly cancel, keeps more digits than of smaller gradients."""
PAIRS = 128
"""Pairs of windows for which both are true."""


class Weighing(ABC):
    """For the batches of a layer.

    Attributes:
        factors: float32 [images, wide], what gradients are multiplied by before they are rounded. steps: float32
            [wide], what the integers are multiples of.
        most: the largest integer that gradients are rounded to.
    """

    most: int

    def __init__(self, layer: Layer, gradients: Array, products: tuple[int, ...]) -> None:
        """gradients: float32, those of the sums. products: shape of what the calls of one thread add up."""
        self._layer, self._gradients = layer, gradients
        self.factors: Array = aligned((layer.images, layer.g.wide), np.float32)
        self.steps: Array = aligned((layer.g.wide,), np.float32)
        self._products: Array = aligned((len(layer.shares), *products), np.float32)
        self._total: Array = aligned(products, np.float32) if len(self._products) > 1 else self._products[0]

    def calls(self) -> Together:
        """What makes the sums of a batch."""
        return Together(self._of_share(share, worker) for worker, share in enumerate(self._layer.shares))

    @abstractmethod
    def _of_share(self, share: slice, worker: int) -> Iterator[Record]: ...

    def begin(self) -> None:
        """Start sums anew."""
        self._products.fill(0)

    @abstractmethod
    def found(self) -> NDArray[np.float32]:
        """The gradient, float32 [outputs, inputs], until sums begin anew."""

    def _add_up(self) -> None:
        """Make the total of what all threads have."""
        if len(self._products) > 1:
            self._products.sum(0, out=self._total)


class ByPlace(Weighing):
    """In registers of vectors: outputs lie beside each other, and what came in is 16 bits, channel by channel."""

    def __init__(self, layer: Layer, gradients: Array, seen: tuple[int, ...]) -> None:
        """seen: shape of what came in, channel by channel."""
        g = layer.g
        super().__init__(layer, gradients, (g.down * g.across * g.deep, g.wide))
        self._seen = roomy(seen, np.int16)
        self._rows: Array = aligned((g.outputs, g.inputs), np.float32)
        self._ordering = Call(self._ordered())

    def found(self) -> NDArray[np.float32]:
        self._add_up()
        self._ordering()
        return self._rows

    def _ordered(self) -> Record:
        """The call that makes rows of outputs of the total."""
        g, total = self._layer.g, self._total
        return filled(
            turned.FOUND_FIELDS, kernel=kernels.address("map-found"), source=at(total), steps=at(self.steps),
            target=at(self._rows), outputs=g.outputs, taps=g.down * g.across, channels=g.channels,
            source_tap=g.deep * total.strides[0], units=g.wide // LANES,
        )  # fmt: skip

    def _gathered(self, source: Array, into: Array, images: int, groups: int) -> Record:
        """The call that puts integers of two places side by side."""
        return filled(
            slopes.GATHER_FIELDS, kernel=kernels.address("map-gather"), source=at(source), target=at(into),
            images=images, units=self._layer.g.wide // LANES, groups=groups, image_step=source.strides[0],
        )  # fmt: skip

    def _multiplied(self, gathered: Array, worker: int, segments: int, groups: int, **walk: int) -> Record:
        """The call that multiplies those with rows of what came in."""
        wide = self._layer.g.wide
        return record(
            kernel=kernels.address("map-weights"), weights=at(gathered), blocks=wide // BLOCK, outputs=wide,
            segments=segments, units=groups, target=at(self._products, worker), **walk,
        )  # fmt: skip


class Dense(ByPlace):
    """Of a dense layer: its product goes along the images."""

    @staticmethod
    def fits(layer: Layer) -> bool:
        """Whether it is one."""
        return layer.g.dense

    def __init__(self, layer: Layer, gradients: Array) -> None:
        g, even = layer.g, whole(layer.images, PAIR)
        super().__init__(layer, gradients, (g.height * g.width * g.deep, even))
        self.most = most(layer.images)
        self._rounded = roomy((even, 1, g.wide), np.int16)
        self._beside = [aligned((even // PAIR * g.wide,), np.int32) for _ in layer.shares]

    def _of_share(self, share: slice, worker: int) -> Iterator[Record]:
        g, seen, source, count = self._layer.g, self._seen, self._layer.source, share.stop - share.start
        groups = whole(count, PAIR) // PAIR
        own, beside = self._rounded[share.start :], self._beside[worker]
        yield rounded(self._layer, share, self._gradients, self.factors, own, 0, 0)
        yield filled(
            maps.TURN_FIELDS, kernel=kernels.address("map-turn"), source=at(source, share.start), octets=g.deep // 8,
            images=g.height * g.width, groups=groups, image_step=source.strides[2], place_step=source.strides[0],
            target=at(seen, 0, share.start), target_image=g.deep * seen.strides[0], channel_step=seen.strides[0],
        )  # fmt: skip
        yield self._gathered(own, beside, 1, groups)
        yield self._multiplied(
            beside, worker, 1, groups, source=at(seen, 0, share.start), images=1, lines=1, rows=len(seen), group=1,
            row_step=seen.strides[0], target_row=NUMBER * g.wide,
        )  # fmt: skip


class Maps(ByPlace):
    """Of a convolution, in parts of a few images each."""

    def __init__(self, layer: Layer, gradients: Array, chunk: int) -> None:
        """chunk: images of a part."""
        g = layer.g
        super().__init__(layer, gradients, (layer.images, g.deep, whole(g.ringed[0] * g.ringed[1], PAIR)))
        self._chunk = chunk

    def begin(self) -> None:
        """Start sums anew; pixels are put in order here."""
        super().begin()
        if self._layer.g.on_pixels:
            planes = self._layer.source.reshape(self._layer.images, -1, self._layer.g.channels).transpose(0, 2, 1)
            self._seen[:, :, : planes.shape[2]] = planes

    def _turned(self, share: slice) -> Iterator[Record]:
        """Signs that came in, channel by channel."""
        g, source, seen = self._layer.g, self._layer.source, self._seen
        if not g.on_pixels:
            yield filled(
                maps.TURN_FIELDS, kernel=kernels.address("map-turn"), source=at(source, share.start),
                octets=g.deep // 8, images=share.stop - share.start, groups=seen.shape[2] // PAIR,
                image_step=source.strides[0], place_step=source.strides[2], target=at(seen, share.start),
                target_image=seen.strides[0], channel_step=seen.strides[1],
            )  # fmt: skip


class Along(Maps):
    """Its product goes along all places of the ringed map: a shift of the window is a shift of an address."""

    @staticmethod
    def fits(layer: Layer) -> bool:
        """Any convolution does."""
        return not layer.g.dense

    def __init__(self, layer: Layer, gradients: Array) -> None:
        g = layer.g
        groups = (PIXEL_PLACES if g.on_pixels else PLACES) // PAIR
        self._groups = whole(g.reach, PAIR) // PAIR
        self._run = min(self._groups, groups)  # groups that are multiplied at once
        chunk = max(1, groups // self._groups)
        super().__init__(layer, gradients, chunk)
        self.most = most(g.brightest * chunk * PAIR * self._run)
        self._rounded = roomy((layer.images, PAIR * self._groups, g.wide), np.int16)
        self._beside = [aligned((chunk * self._run * g.wide,), np.int32) for _ in layer.shares]

    def _of_share(self, share: slice, worker: int) -> Iterator[Record]:
        g, place = self._layer.g, SHORT * self._layer.g.wide
        line, row = g.stride * g.ringed[1] * place, g.stride * place
        yield rounded(self._layer, share, self._gradients, self.factors, self._rounded[share.start :], line, row)
        yield from self._turned(share)
        for part in parts(share, self._chunk):
            for run in parts(slice(0, self._groups), self._run):
                yield from self._of_run(part, run, worker)

    def _of_run(self, part: slice, run: slice, worker: int) -> Iterator[Record]:
        """Of some images, and some groups of places of each."""
        seen, beside, first = self._seen, self._beside[worker], PAIR * run.start
        count, groups = part.stop - part.start, run.stop - run.start
        yield self._gathered(self._rounded[part.start :, first:], beside, count, groups)
        yield self._multiplied(
            beside, worker, count, groups, source=at(seen, part.start, 0, first), pitch=seen.strides[0],
            **self._taken(NUMBER * self._layer.g.wide),
        )  # fmt: skip

    def _taken(self, entry: int) -> dict[str, int]:
        """A walk over what an output takes in, whichever order has more channels or taps in a row; entry: bytes."""
        g, seen = self._layer.g, self._seen
        line, place = SHORT * g.ringed[1], g.deep * entry
        if g.on_pixels:
            return {
                "images": g.channels, "lines": g.down, "rows": g.across, "group": g.channels,
                "image_step": seen.strides[1], "line_step": line, "row_step": SHORT,
                "target_image": entry, "target_line": g.across * place, "target_row": place,
            }  # fmt: skip
        return {
            "images": g.down, "lines": g.across, "rows": g.deep, "group": g.down,
            "image_step": line, "line_step": SHORT, "row_step": seen.strides[1],
            "target_image": g.across * place, "target_line": place, "target_row": entry,
        }  # fmt: skip


class Pooled(Maps):
    """Of one that is pooled: of each window of pooling only the place that has a gradient is multiplied."""

    def __init__(self, layer: Layer, gradients: Array) -> None:
        g = layer.g
        lines, rows = g.gives
        self._pairs = whole(rows, PAIR) // PAIR
        self._run = max(1, min(lines, PAIRS // self._pairs))  # lines that are multiplied at once
        chunk = max(1, PAIRS // (lines * self._pairs))
        super().__init__(layer, gradients, chunk)
        self.most = most(g.brightest * chunk * self._run * rows)
        shape = (len(layer.shares), chunk * self._run * self._pairs * g.wide)
        self._numbers, self._choices = aligned(shape, np.int32), aligned(shape, np.int32)

    @staticmethod
    def fits(layer: Layer) -> bool:
        """Whether there is a kernel for such windows."""
        g = layer.g
        return not g.dense and g.pool == pooled.SIDE and g.stride == 1 and g.across in pooled.ACROSS

    def _of_share(self, share: slice, worker: int) -> Iterator[Record]:
        yield from self._turned(share)
        for part in parts(share, self._chunk):
            for run in parts(slice(0, self._layer.g.gives[0]), self._run):
                yield from self._of_run(part, run, worker)

    def _of_run(self, part: slice, run: slice, worker: int) -> Iterator[Record]:
        """Of some images, and some lines of windows of each."""
        layer, g, seen = self._layer, self._layer.g, self._seen
        rows, line = g.gives[1], SHORT * g.ringed[1]
        first = run.start * rows
        both = {
            "images": part.stop - part.start, "lines": run.stop - run.start, "pairs": self._pairs,
            "units": g.wide // LANES, "choices": at(self._choices, worker),
        }  # fmt: skip
        yield filled(
            pooled.ROUND_FIELDS, kernel=kernels.address("map-round-pairs"), rows=rows, factors=at(self.factors),
            source=of_image(self._gradients, part.start * g.places + first, g.wide),
            which=at(layer.which, part.start, first), target=at(self._numbers, worker), **both,
        )  # fmt: skip
        yield filled(
            pooled.PRODUCT_FIELDS, kernel=kernels.address(f"map-weights-pooled-{g.across}"),
            numbers=at(self._numbers, worker), source=at(seen, part.start) + pooled.SIDE * run.start * line,
            target=at(self._products, worker),
            channels=g.deep, taps=g.down, image_step=seen.strides[0], channel_step=seen.strides[1],
            line_step=line, **both,
        )  # fmt: skip
