"""The pictures of a run: bits, filters, distributions and confusion of the moment that is to be shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.figures import percent
from app.session import TRAINING, Session
from app.widgets.run_panels import RunPanels
from engine import messages as m
from engine.bits import Words
from engine.config import RunConfig
from engine.history import Moment


@dataclass(frozen=True)
class Names:
    """What the panels of a run are called. inertia: the number behind a bit; beyond: of those outside of +-1."""

    bits: str = "Weight bits"
    numbers: str = "Latent weights"
    inertia: str = "latent"
    beyond: str = "clipped"
    sums: str = "Before the sign"


def names_of(config: RunConfig) -> Names:
    """A float network has no bits, and nothing of it is clipped; Bop has a momentum in place of latent weights."""
    sums = "Before the sign" if config.binary_activations else "Before the ReLU"
    if not config.binary_weights:
        return Names("Signs of the weights", "Weights", "weight", "beyond ±1", sums)
    if config.optimizer == "bop":
        return Names(numbers="Momentum, −m/τ", inertia="−m/τ", beyond="|m| > τ", sums=sums)
    return Names(sums=sums)


class RunPictures:
    """Draws on the panels what the session shows: live, or the moment under the playhead."""

    def __init__(self, session: Session, panels: RunPanels) -> None:
        self._session, self._panels = session, panels
        self._names = Names()
        self._last: tuple[str, int, bool] | None = None  # run, layer, live: what the last picture was of

    def begin(self) -> None:
        """A run begins: empty panels, called as they are in such a run."""
        panels, self._names = self._panels, names_of(self._session.run.config)
        panels.bits.title.setText(self._names.bits)
        panels.bits.name_inertia(self._names.inertia)
        panels.latent_card.title.setText(self._names.numbers)
        panels.sign_card.title.setText(self._names.sums)
        panels.bits.view.clear()
        panels.filters.tiles.clear()
        panels.filters.refresh()
        self._last = None

    def parts(self) -> list[Callable[[], None]]:
        """What draws the moment that is to be shown: all at once, or one after another where a pause would be felt."""
        session, panels = self._session, self._panels
        index, moment = session.moment_index, session.moment()
        panels.bits.set_step(session.playhead)
        if moment is None or panels.bits.layer >= len(moment.layers):
            return [self._show_nothing]
        layer = moment.layers[panels.bits.layer]
        now = (session.run.name, panels.bits.layer, session.live)
        since = None if now == self._last and session.live else index
        self._last = now
        return [
            partial(self._show_bits, layer, since),
            partial(self._show_filters, moment, since),
            partial(self._show_distributions, layer),
        ]

    def _show_bits(self, layer: m.LayerFrame, index: int | None) -> None:
        """index: of the moment, where flips are to be found against the recorded moment before it."""
        session, bits = self._session, self._panels.bits
        bits.view.reduced_motion = session.settings.reduced_motion
        fading = session.live and session.run.moving
        flipped = None if index is None else self._flipped_since(index, bits.layer, layer.signs)
        bits.view.set_bits(layer.signs, layer.outputs, layer.inputs, flipped=flipped, fading=fading)
        bits.refresh()

    def _show_filters(self, moment: Moment, index: int | None) -> None:
        self._panels.confusion.set_counts(self._confusion(moment), self._session.run.class_names)
        first, filters = moment.layers[0], self._panels.filters
        flipped = None if index is None else self._flipped_since(index, 0, first.signs)
        filters.tiles.set_bits(first.signs, self._window(first.inputs), flipped)
        filters.refresh()

    def _show_distributions(self, layer: m.LayerFrame) -> None:
        panels, names = self._panels, self._names
        panels.latent.set_counts(layer.latent_histogram, f"{names.numbers} of {layer.name}:")
        panels.latent_card.set_hint(f"{names.beyond} {percent(layer.clipped)}")
        if not layer.preactivation_histogram.sum():
            panels.sign_card.set_hint("")
            return
        panels.sign.set_counts(layer.preactivation_histogram, f"{names.sums} in {layer.name}:")
        panels.sign_card.set_hint(f"−1 {100 * (1 - layer.positive):.0f}% · +1 {100 * layer.positive:.0f}%")

    def _show_nothing(self) -> None:
        panels = self._panels
        panels.latent.set_counts(None)
        panels.sign.set_counts(None)
        panels.latent_card.set_hint("")
        panels.sign_card.set_hint("")
        panels.confusion.set_counts(None)
        panels.bits.refresh()

    def _confusion(self, moment: Moment) -> NDArray[np.int64] | None:
        """Of the last score up to the moment; of a run that was opened again, what the strip counted of its save."""
        if moment.confusion is None and self._session.live:
            evaluation = self._session.evaluations.get(TRAINING)
            return None if evaluation is None else evaluation.confusion
        return moment.confusion

    def _flipped_since(self, index: int, layer: int, signs: Words) -> Words:
        """The bits of a layer that differ from the recorded moment before `index`."""
        if index == 0:
            return np.zeros_like(signs)
        return signs ^ self._session.run.history.signs(index - 1, layer)

    def _window(self, inputs: int) -> tuple[int, int, int]:
        """What one output of the first layer sees; in a row where that is not of the weights that came."""
        window = self._session.run.window
        return window if math.prod(window) == inputs else (1, inputs, 1)
