"""One layer of a step: its calls on the way back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.jit.layout import aligned, whole
from engine.jit.record import Record, filled, record
from engine.jit.training import kernels, maps, slopes
from engine.jit.training.maps import LANES, PAIR
from engine.training.maps.layer import NUMBER, Array, Layer, roomy
from engine.training.maps.weights import BLOCK
from engine.training.native.programs import at
from engine.training.native.together import Together

CHUNK = 1152
"""Places whose gradients and what came in are multiplied at once, so that both stay in a near cache."""
MOST = 1 << 14
"""The largest gradient as an integer of 16 bits."""
REACH = (1 << 31) - 1
"""The largest of 32 bits, which sums of products have to stay within."""
SHORT = 2
"""Bytes of 16 bits."""


class Back:
    """For the batches of a layer.

    Attributes:
        slopes: float32 [images, places, wide], the gradient of the layer's values. along: float64 [shares, 2, wide],
            its sums over all places, plain and times the centred sums. means: float32 [wide], of the sums.
        factors: float32 [3, wide], what turns it into the gradient of the sums.
        steps: float32 [images], what the integers that go on to the layer before are multiples of.
    """

    def __init__(self, layer: Layer, gradients: Array) -> None:
        """gradients: float32, room for those of the sums of any layer."""
        g, images, threads = layer.g, layer.images, len(layer.shares)
        self.layer, self._gradients = layer, gradients
        self.slopes: Array = aligned(layer.values.shape, np.float32)
        self.along: Array = aligned((threads, 2, g.wide), np.float64)
        self.means: Array = aligned((g.wide,), np.float32)
        self.factors: Array = aligned((3, g.wide), np.float32)
        self._largest, self._by_channel, self._by_image = (aligned((images, g.wide), np.float32) for _ in range(3))
        self.steps: Array = aligned((images,), np.float32)
        self._channel_steps: Array = np.ones(g.wide, np.float32)
        self._groups = whole(g.reach, PAIR) // PAIR
        self._chunk = max(1, CHUNK // (PAIR * self._groups))
        rounded: tuple[int, ...] = (images, PAIR * self._groups)
        seen: tuple[int, ...] = (images, g.deep, whole(g.ringed[0] * g.ringed[1], PAIR))
        if g.dense:  # the places of a product are the images
            even = whole(images, PAIR)
            rounded, seen = (even, 1), (g.height * g.width * g.deep, even)
            self._groups, self._chunk = even // PAIR, images
        self._rounded = roomy((*rounded, g.wide), np.int16)
        self._seen = roomy(seen, np.int16)
        self._gathered = [
            aligned(((1 if g.dense else self._chunk) * self._groups * g.wide,), np.int32) for _ in range(threads)
        ]
        self._products: Array = aligned((threads, g.down * g.across * g.deep, g.wide), np.float32)
        self._spread = roomy((0 if g.on_pixels else images, *g.spread, g.wide), np.int16)

    # ------------------------------------------------------------ to the gradient of the sums

    def through(self, given: Array, above: Back, estimator: str) -> Together:
        """The gradient of the signs, which the layer above gave as integers, let through to the values."""
        name = f"map-{estimator}" + "-carried" * above.layer.g.shortcut
        return Together([self._through(share, worker, name, given, above)] for worker, share in self._shares())

    def _through(self, share: slice, worker: int, name: str, given: Array, above: Back) -> Record:
        layer, g = self.layer, self.layer.g
        return filled(
            slopes.THROUGH_FIELDS, kernel=kernels.address(name),
            source=_of_image(given, share.start, g.places * g.wide), scales=at(above.steps, share.start),
            values=at(layer.values, share.start), carry=at(above.slopes, share.start) if above.layer.g.shortcut else 0,
            sums=at(layer.sums, share.start), means=at(self.means), target=at(self.slopes, share.start),
            along=at(self.along, worker), images=share.stop - share.start, places=g.places, units=g.wide // LANES,
        )  # fmt: skip

    def normalising(self) -> Together:
        """The gradient of the sums, and the largest of each channel of each image."""
        return Together([self._normalised(share)] for share in self.layer.shares)

    def _normalised(self, share: slice) -> Record:
        layer, g = self.layer, self.layer.g
        return filled(
            slopes.BACK_FIELDS, kernel=kernels.address("map-back"), source=at(self.slopes, share.start),
            sums=at(layer.sums, share.start), factors=at(self.factors),
            target=_of_image(self._gradients, share.start, g.places * g.wide), largest=at(self._largest, share.start),
            images=share.stop - share.start, places=g.places, units=g.wide // LANES,
        )  # fmt: skip

    def scale(self) -> None:
        """Choose by what the gradient is multiplied before it is rounded: by channel, and by image."""
        g, seen = self.layer.g, 255 if self.layer.g.on_pixels else 1
        places = self.layer.images if g.dense else self._chunk * PAIR * self._groups
        self._channel_steps[:] = _steps(self._largest.max(0), REACH // (seen * places))
        np.divide(1, self._channel_steps, out=self._by_channel)
        self.steps[:] = _steps(self._largest.max(1), REACH // self.layer.weights.depth)
        np.divide(1, self.steps[:, np.newaxis], out=self._by_image)

    def _rounding(self, share: slice, factors: Array, into: Array, line: int, row: int) -> Record:
        """line, row: bytes of the target between two sums."""
        layer, g = self.layer, self.layer.g
        return filled(
            slopes.ROUND_FIELDS, kernel=kernels.address(f"map-round-{g.pool}"),
            source=_of_image(self._gradients, share.start, g.places * g.wide),
            which=at(layer.which, share.start) if g.pool > 1 else 0, factors=at(factors, share.start), target=at(into),
            images=share.stop - share.start, lines=g.gives[0], rows=g.gives[1], units=g.wide // LANES,
            image_step=into.strides[0], line_step=g.pool * line, row_step=g.pool * row, down=line, across=row,
        )  # fmt: skip

    # ------------------------------------------------------------ to that of the weights

    def weighing(self) -> Together:
        """The gradient of the sums times what came in."""
        return Together(self._weighed(share, worker) for worker, share in self._shares())

    def _weighed(self, share: slice, worker: int) -> Iterator[Record]:
        g, place = self.layer.g, SHORT * self.layer.g.wide
        line, row = (0, 0) if g.dense else (g.stride * g.ringed[1] * place, g.stride * place)
        yield self._rounding(share, self._by_channel, self._rounded[share.start :], line, row)
        if not g.on_pixels:
            yield self._turned(share)
        for first in range(share.start, share.stop, self._chunk):
            yield from self._multiplied(slice(first, min(first + self._chunk, share.stop)), worker)

    def _turned(self, share: slice) -> Record:
        g, source, seen, count = self.layer.g, self.layer.source, self._seen, share.stop - share.start
        if g.dense:
            walk = {
                "images": g.height * g.width, "groups": whole(count, PAIR) // PAIR, "image_step": source.strides[2],
                "place_step": source.strides[0], "target_image": g.deep * seen.strides[0],
                "channel_step": seen.strides[0], "target": at(seen, 0, share.start),
            }  # fmt: skip
        else:
            walk = {
                "images": count, "groups": seen.shape[2] // PAIR, "image_step": source.strides[0],
                "place_step": source.strides[2], "target_image": seen.strides[0], "channel_step": seen.strides[1],
                "target": at(seen, share.start),
            }  # fmt: skip
        kernel = kernels.address("map-turn")
        return filled(maps.TURN_FIELDS, kernel=kernel, source=at(source, share.start), octets=g.deep // 8, **walk)

    def put_pixels(self) -> None:
        """See the pixels channel by channel."""
        planes = self.layer.source.reshape(self.layer.images, -1, self.layer.g.channels).transpose(0, 2, 1)
        self._seen[:, :, : planes.shape[2]] = planes

    def _multiplied(self, part: slice, worker: int) -> Iterator[Record]:
        g, gathered, count = self.layer.g, self._gathered[worker], part.stop - part.start
        images, groups = (1, whole(count, PAIR) // PAIR) if g.dense else (count, self._groups)
        yield filled(
            slopes.GATHER_FIELDS, kernel=kernels.address("map-gather"), source=at(self._rounded, part.start),
            target=at(gathered), images=images, units=g.wide // LANES, groups=groups,
            image_step=self._rounded.strides[0],
        )  # fmt: skip
        yield record(
            kernel=kernels.address("map-weights"), weights=at(gathered), blocks=g.wide // BLOCK, outputs=g.wide,
            segments=images, units=groups, target=at(self._products, worker), target_row=NUMBER * g.wide,
            **self._inputs(part),
        )  # fmt: skip

    def _inputs(self, part: slice) -> dict[str, int]:
        """A walk over what an output takes in: window rows, columns and channels, or pixels channel by channel."""
        g, seen, place = self.layer.g, self._seen, NUMBER * self.layer.g.wide
        if g.dense:
            return {
                "source": at(seen, 0, part.start), "images": 1, "lines": 1, "rows": len(seen), "group": 1,
                "row_step": seen.strides[0],
            }  # fmt: skip
        line, found = SHORT * g.ringed[1], {"source": at(seen, part.start), "pitch": seen.strides[0]}
        if g.on_pixels:
            return found | {
                "images": g.channels, "lines": g.down, "rows": g.across, "group": g.channels,
                "image_step": seen.strides[1], "line_step": line, "row_step": SHORT,
                "target_image": g.down * g.across * place, "target_line": g.across * place,
            }  # fmt: skip
        return found | {
            "images": g.down, "lines": g.across, "rows": g.deep, "group": g.down, "image_step": line,
            "line_step": SHORT, "row_step": seen.strides[1], "target_image": g.across * g.deep * place,
            "target_line": g.deep * place,
        }  # fmt: skip

    def clear(self) -> None:
        """Start sums anew."""
        self.along.fill(0)
        self._products.fill(0)

    def of_weights(self) -> NDArray[np.float32]:
        """The gradient of the weights, float32 [outputs, inputs]."""
        g = self.layer.g
        found = self._products.sum(0) if len(self._products) > 1 else self._products[0]
        found = (
            found.reshape(-1, g.deep, g.wide) if not g.on_pixels else found.reshape(g.deep, -1, g.wide).swapaxes(0, 1)
        )
        rows = found[:, : g.channels, : g.outputs].transpose(2, 0, 1).reshape(g.outputs, g.inputs)
        result = np.empty(rows.shape, np.float32)  # row by row, which optimizers take for granted
        np.multiply(rows, self._channel_steps[: g.outputs, np.newaxis], out=result)
        return result

    # ------------------------------------------------------------ to that of what came in

    def returning(self, given: Array) -> Together:
        """The gradient of what came in, as integers for the layer before."""
        return Together(self._returned(share, given) for share in self.layer.shares)

    def _returned(self, share: slice, given: Array) -> Iterator[Record]:
        layer, spread = self.layer, self._spread
        g, w, (image, line, place, _) = layer.g, layer.weights, spread.strides
        corner = (0, 0) if g.dense else (g.down - 1 - g.padding, g.across - 1 - g.padding)
        target = spread[share.start :, corner[0] :, corner[1] :]
        yield self._rounding(share, self._by_image, target, g.stride * line, g.stride * place)
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
            kernel=kernels.address("map-inputs"), source=at(spread, share.start), weights=at(w.backward),
            base=at(w.none), blocks=w.entries // BLOCK, outputs=w.entries, group=1, target_row=entry,
            target=_of_image(given, share.start, g.height * g.width * g.deep), **walk,
        )  # fmt: skip

    def _shares(self) -> Iterator[tuple[int, slice]]:
        return iter(enumerate(self.layer.shares))


def _of_image(numbers: Array, image: int, size: int) -> int:
    """Address of what one image has of a flat array, `size` numbers each."""
    return at(numbers, image * size)


def _steps(largest: Array, limit: int) -> Array:
    """What the integers are multiples of, so that the largest is MOST, or no larger than a limit."""
    return np.where(largest > 0, largest, np.float32(1)) / np.float32(min(MOST, limit))
