"""Gamma and beta of all layers as one flat array, and how the optimizer moves them: one update of one array."""

from __future__ import annotations

import math

import numpy as np

from engine.config import RunConfig
from engine.jit.layout import aligned, whole
from engine.jit.record import filled
from engine.jit.training import affine, kernels
from engine.jit.training.rules import RULES
from engine.jit.training.shape import PANEL
from engine.training.native import settings
from engine.training.native.layout import Float32
from engine.training.native.programs import at
from engine.training.native.together import Call

DEAD = -2.0
"""Beta of outputs that are none: they always give -1, where the slope of the sign is 0."""


class Affine:
    """Flat float32 arrays with gamma and then beta of every layer, each to whole panels.

    Attributes:
        values, gradients: of the same shape. moments: by the optimizer's names for them.
    """

    def __init__(self, widths: list[int], moments: tuple[str, ...], rule: str) -> None:
        """rule: a name of jit.training.rules, of those that move numbers."""
        self._widths, self._rule = widths, rule
        self._first = np.cumsum([0, *(2 * whole(width, PANEL) for width in widths)]).tolist()
        self.values, self.gradients = self._flat(), self._flat()
        self.moments = {name: self._flat() for name in moments}
        for layer in range(len(widths)):
            self.room(self.values, layer, "beta").fill(DEAD)
        self._settings: Float32 = aligned((len(RULES[rule].settings),), np.float32)
        self._moving = self._call()

    def room(self, flat: Float32, layer: int, name: str) -> Float32:
        """One layer's gamma or beta in a flat array, with those of outputs that are none."""
        count = whole(self._widths[layer], PANEL)
        first = self._first[layer] + (0 if name == "gamma" else count)
        return flat[first : first + count]

    def part(self, flat: Float32, layer: int, name: str) -> Float32:
        """The same without."""
        return self.room(flat, layer, name)[: self._widths[layer]]

    @property
    def finite(self) -> bool:
        return math.isfinite(float(self.values.sum()))

    def move(self, rate: float, config: RunConfig, steps: int) -> None:
        """One update by the optimizer that moves what is no binary weight (training.optim.moves)."""
        self._settings[:] = settings.others(config, rate, steps)
        self._moving()

    def _call(self) -> Call:
        moments = dict(zip(("first_moment", "second_moment"), map(at, self.moments.values()), strict=False))
        return Call(filled(
            affine.FIELDS, kernel=kernels.address(f"affine-{self._rule}"), values=at(self.values),
            gradients=at(self.gradients), settings=at(self._settings), panels=len(self.values) // PANEL, **moments,
        ))  # fmt: skip

    def _flat(self) -> Float32:
        made: Float32 = aligned((self._first[-1],), np.float32)
        return made
