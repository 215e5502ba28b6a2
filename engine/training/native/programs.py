"""A step as two programs of kernels: forward up to the sums of the last layer, and back with the update of all weights.

Every worker has a program of its own: outputs are shared out among them in forward products, batch-norms and updates,
rows where gradients are taken by row, inputs where they go on to the layer before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernels as products
from engine.jit.layout import aligned, whole
from engine.jit.record import FIELDS as PRODUCT
from engine.jit.record import Record, filled
from engine.jit.target import host
from engine.jit.training import expand, inputs, norm, rows, update
from engine.jit.training import kernels as training
from engine.jit.training.panels import OCTET
from engine.jit.training.shape import GROUP, PANEL, WORD, shape_for
from engine.training.native.between import Pixels, Signs, Sums
from engine.training.native.layer import Statistics, Weights
from engine.training.native.layout import Float32
from engine.training.native.together import Meeting, Together

SETTINGS = 16
"""Numbers that there is room for in each list of a kernel's settings."""
UNIT = 4
"""Pixels of a unit of a product (jit.depth)."""


def _numbers() -> Float32:
    made: Float32 = aligned((SETTINGS,), np.float32)
    return made


@dataclass
class Layer:
    """One layer with all that its kernels read and write in a step.

    Attributes:
        takes: what comes in. gives: signs that go on, of the last layer to nobody. normal: whether there is batch-norm.
        affine, slopes: views of gamma and beta and of their gradients, with outputs that are none.
        forward, backward, rule, scale: the settings of the kernels, which every step sets.
    """

    weights: Weights
    statistics: Statistics
    takes: Signs | Pixels
    sums: Sums
    gives: Signs
    normal: bool
    affine: dict[str, Float32]
    slopes: dict[str, Float32]
    forward: Float32 = field(default_factory=_numbers)
    backward: Float32 = field(default_factory=_numbers)
    rule: Float32 = field(default_factory=_numbers)
    scale: Float32 = field(default_factory=_numbers)


def at(array: NDArray[np.generic], *place: int) -> int:
    """The address of an array's element."""
    offset = sum(index * stride for index, stride in zip(place, array.strides, strict=False))
    return int(array.ctypes.data) + offset


class Programs:
    """Both programs of a step of `images`, for so many workers.

    Args:
        rule: a name of jit.training.rules. scores: float32 [rows, outputs of the last layer], where these go.

    Attributes:
        forward: from what comes into the first layer to the scores, with the signs between.
        backward: from the gradients of what the last layer gives to new weights in all layers.
    """

    def __init__(self, layers: list[Layer], images: int, rule: str, workers: int, scores: Float32) -> None:
        self._layers, self._images, self._rule, self._workers = layers, images, rule, workers
        self._scores = scores
        shape = shape_for(host())
        assert shape is not None
        self._shape = shape
        self._meeting = Meeting(workers)
        deepest = max(max(layer.weights.room, 2 * layer.sums.gradients.shape[1]) for layer in layers)
        self._scratch: NDArray[np.uint8] = aligned((workers, whole(deepest, WORD) * WORD), np.uint8)
        self._run = training.run()
        forth, back = range(len(layers)), range(len(layers))[::-1]
        everyone = range(workers)
        self.forward = Together(([r for i in forth for r in self.forwards(i, w)] for w in everyone), self._meeting)
        self.backward = Together(([r for i in back for r in self.backwards(i, w)] for w in everyone), self._meeting)

    def call(self, record: Record) -> None:
        """Run a single kernel."""
        self._run(record.ctypes.data, 1)

    # ------------------------------------------------------------ forward

    def forwards(self, index: int, worker: int) -> Iterator[Record]:
        """A worker's part in what a layer does forward."""
        layer = self._layers[index]
        panels = self._share(worker, layer.weights.room // PANEL)
        if index:
            yield from self._meeting.records()
        if isinstance(layer.takes, Pixels):
            yield self._expand(layer, layer.takes, panels)
            yield self._pixel_product(layer, layer.takes, panels)
        else:
            yield from self._sign_products(layer, layer.takes, panels)
        if layer.normal:
            yield self._norm(layer, panels)
        if layer is self._layers[-1]:
            yield self._values(layer, panels)

    def _expand(self, layer: Layer, pixels: Pixels, panels: slice) -> Record:
        octets = layer.weights.octets
        return filled(
            expand.FIELDS, kernel=training.address("expand"), octets=at(octets), octet_step=octets.strides[0],
            first=panels.start, last=panels.stop, rows=pixels.weights.shape[1] // OCTET, target=at(pixels.weights),
        )  # fmt: skip

    def _pixel_product(self, layer: Layer, pixels: Pixels, panels: slice) -> Record:
        weights = at(pixels.weights, panels.start * PANEL)
        units = pixels.weights.shape[1] // UNIT
        return self._product(layer, "pixel-sums", pixels.values, weights, panels, 0, units=units, shift=0, block=PANEL)

    def _sign_products(self, layer: Layer, signs: Signs, panels: slice) -> Iterator[Record]:
        words = layer.weights.words
        kernel = products.wide("sums", words.shape[1])
        block = words.shape[2]
        first = at(words, panels.start * PANEL // block)
        for run, source in enumerate(signs.words):
            yield self._product(layer, kernel, source, first, panels, run, units=words.shape[1], shift=1, block=block)

    def _product(
        self, layer: Layer, kernel: str, source: NDArray[np.generic], weights: int, panels: slice, run: int,
        *, units: int, shift: int, block: int,
    ) -> Record:  # fmt: skip
        first, count = panels.start * PANEL, (panels.stop - panels.start) * PANEL
        return filled(
            PRODUCT, kernel=products.address(kernel), source=at(source), weights=weights,
            target=at(layer.sums.values, run, 0, first), base=at(layer.sums.base, first), images=1, lines=1,
            rows=self._images, row_step=source.strides[0], segments=1, units=units, blocks=count // block,
            outputs=count, group=1, shift=shift, target_row=layer.sums.values.strides[1],
        )  # fmt: skip

    def _norm(self, layer: Layer, panels: slice) -> Record:
        gives, statistics = layer.gives, layer.statistics
        return filled(
            norm.FORWARD, kernel=training.address("forward"), **self._of_sums(layer, panels),
            settings=at(layer.forward), gamma=at(layer.affine["gamma"]), beta=at(layer.affine["beta"]),
            running_mean=at(statistics.running_mean), running_variance=at(statistics.running_variance),
            first_octets=at(gives.octets), second_octets=at(gives.octets, len(gives.octets) - 1),
            octet_step=gives.octets.strides[1], first_words=at(gives.words),
            second_words=at(gives.words, len(gives.words) - 1), word_step=gives.words.strides[1],
        )  # fmt: skip

    def _values(self, layer: Layer, panels: slice) -> Record:
        return filled(
            norm.VALUES, kernel=training.address("values"), **self._of_sums(layer, panels),
            settings=at(layer.forward), target=at(self._scores), target_step=self._scores.strides[0],
        )  # fmt: skip

    def _of_sums(self, layer: Layer, panels: slice) -> dict[str, int]:
        values, statistics, kept = layer.sums.values, layer.statistics, layer.gives.kept
        per_panel = PANEL // OCTET
        return {
            "first_sums": at(values), "second_sums": at(values, len(values) - 1), "sum_step": values.strides[1],
            "rows": self._images, "first": panels.start * per_panel, "last": panels.stop * per_panel,
            "mean": at(statistics.mean), "inverse": at(statistics.inverse), "factor": at(statistics.factor),
            "shift": at(statistics.shift), "kept": at(kept), "kept_step": kept.strides[0],
        }  # fmt: skip

    # ------------------------------------------------------------ backward

    def backwards(self, index: int, worker: int) -> Iterator[Record]:
        """A worker's part in a layer's way back."""
        layer = self._layers[index]
        panels = self._share(worker, layer.weights.room // PANEL)
        yield self._norm_back(layer, worker, panels)
        if index:
            yield from self._meeting.records()
            yield self._rows(layer, worker)
            yield from self._meeting.records()
            yield self._inputs(layer, self._layers[index - 1], worker)
            yield from self._meeting.records()
        yield self._update(layer, worker, panels)

    def _norm_back(self, layer: Layer, worker: int, panels: slice) -> Record:
        sums = layer.sums
        kernel = "backward-pixels" if isinstance(layer.takes, Pixels) else "backward-signs"
        return filled(
            norm.BACKWARD, kernel=training.address(kernel), **self._of_sums(layer, panels),
            settings=at(layer.backward), gradients=at(sums.gradients), gradient_step=sums.gradients.strides[0],
            target=at(sums.by_output), target_step=sums.by_output.strides[0], sums=at(sums.column_sums),
            scales=at(sums.column_scales), largest=at(sums.largest, worker), of_gamma=at(layer.slopes["gamma"]),
            of_beta=at(layer.slopes["beta"]),
        )  # fmt: skip

    def _rows(self, layer: Layer, worker: int) -> Record:
        sums, part = layer.sums, self._share(worker, self._images)
        return filled(
            rows.FIELDS, kernel=training.address("rows"), gradients=at(sums.gradients),
            gradient_step=sums.gradients.strides[0], panels=len(sums.gradients), first=part.start, last=part.stop,
            largest=at(sums.largest), largest_step=sums.largest.strides[0], workers=self._workers,
            target=at(sums.by_row), target_step=sums.by_row.strides[0], sums=at(sums.row_sums),
            scales=at(sums.row_scales), scale=at(layer.scale),
        )  # fmt: skip

    def _inputs(self, layer: Layer, before: Layer, worker: int) -> Record:
        sums, octets, target = layer.sums, layer.weights.octets, before.sums.gradients
        part = self._share(worker, len(target))
        return filled(
            inputs.FIELDS, kernel=training.address("inputs"), source=at(sums.by_row),
            source_step=sums.by_row.strides[0], sums=at(sums.row_sums), scales=at(sums.row_scales),
            octets=at(octets), octet_step=octets.strides[0], target=at(target), target_step=target.strides[0],
            scratch=at(self._scratch, worker), groups=layer.weights.room // GROUP, rows=target.shape[1],
            first=part.start, last=part.stop,
        )  # fmt: skip

    def _update(self, layer: Layer, worker: int, panels: slice) -> Record:
        sums, weights = layer.sums, layer.weights
        moments = dict(zip(("first_moment", "second_moment"), map(at, weights.moments.values()), strict=False))
        kind = "pixels" if isinstance(layer.takes, Pixels) else "signs"
        group = self._shape.group if kind == "pixels" else GROUP
        return filled(
            update.FIELDS, kernel=training.address(f"update-{self._rule}-{kind}"), **_taken(layer.takes),
            scratch=at(self._scratch, worker), groups=-(-self._images // group),
            source=at(sums.by_output), source_step=sums.by_output.strides[0], sums=at(sums.column_sums),
            scales=at(sums.column_scales), first=panels.start * PANEL, last=panels.stop * PANEL, outputs=weights.room,
            latents=at(weights.latents), **moments, settings=at(layer.rule), words=at(weights.words),
            word_count=weights.words.shape[1], octets=at(weights.octets), counts=at(weights.counts),
            valid=at(weights.valid), flips=at(sums.flips, worker),
        )  # fmt: skip

    # ------------------------------------------------------------ workers

    def _share(self, worker: int, count: int) -> slice:
        """Which of `count` things are this worker's."""
        return slice(worker * count // self._workers, (worker + 1) * count // self._workers)


def _taken(takes: Signs | Pixels) -> dict[str, int]:
    if isinstance(takes, Pixels):
        return {"pixels": at(takes.values), "pixels_step": takes.values.strides[0]}
    octets = takes.octets
    return {
        "first_bits": at(octets), "second_bits": at(octets, len(octets) - 1), "bits_step": octets.strides[1],
    }  # fmt: skip
