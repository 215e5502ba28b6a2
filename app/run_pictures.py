"""The pictures of a run: bits, filters, distributions and confusion of the moment that is to be shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
        self._bits_of: tuple[str, int] | None = None  # run and layer of the bits that are shown, where they are live
        self._filters_of: str | None = None  # the run of the filters, likewise

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
        self._bits_of = self._filters_of = None

    # Each of these may be drawn in a turn of its own, and draws the moment that is to be shown by then.

    def draw_bits(self) -> None:
        """The weight bits of the chosen layer, and which of them flipped."""
        session, bits = self._session, self._panels.bits
        bits.set_step(session.playhead)
        moment = self._moment()
        if moment is not None:
            layer = moment.layers[bits.layer]
            now = (session.run.name, bits.layer) if session.live else None
            flipped = self._flips(bits.layer, layer.signs, live=now is not None and now == self._bits_of)
            self._bits_of = now
            bits.view.reduced_motion = session.settings.reduced_motion
            fading = session.live and session.run.moving
            bits.view.set_bits(layer.signs, layer.outputs, layer.inputs, flipped=flipped, fading=fading)
        bits.refresh()

    def draw_filters(self) -> None:
        """The first layer's weights as pictures, and what is taken for what."""
        session, panels, moment = self._session, self._panels, self._moment()
        if moment is None:
            panels.confusion.set_counts(None)
            return
        panels.confusion.set_counts(self._confusion(moment), session.run.class_names)
        first, now = moment.layers[0], session.run.name if session.live else None
        flipped = self._flips(0, first.signs, live=now is not None and now == self._filters_of)
        self._filters_of = now
        panels.filters.tiles.set_bits(first.signs, self._window(first.inputs), flipped)
        panels.filters.refresh()

    def draw_distributions(self) -> None:
        """Latent weights, and sums before the sign, of the chosen layer."""
        moment = self._moment()
        if moment is None:
            self._show_no_distributions()
        else:
            self._show_distributions(moment.layers[self._panels.bits.layer])

    def _moment(self) -> Moment | None:
        """What is to be shown, where it has the chosen layer."""
        moment = self._session.moment()
        return moment if moment is not None and self._panels.bits.layer < len(moment.layers) else None

    def _flips(self, layer: int, signs: Words, *, live: bool) -> Words | None:
        """What flipped since the recorded moment before; None: since the picture before, where pictures go on live."""
        return None if live else self._flipped_since(self._session.moment_index, layer, signs)

    def _show_distributions(self, layer: m.LayerFrame) -> None:
        panels, names = self._panels, self._names
        panels.latent.set_counts(layer.latent_histogram, f"{names.numbers} of {layer.name}:")
        panels.latent_card.set_hint(f"{names.beyond} {percent(layer.clipped)}")
        if not layer.preactivation_histogram.sum():
            panels.sign_card.set_hint("")
            return
        panels.sign.set_counts(layer.preactivation_histogram, f"{names.sums} in {layer.name}:")
        panels.sign_card.set_hint(f"−1 {100 * (1 - layer.positive):.0f}% · +1 {100 * layer.positive:.0f}%")

    def _show_no_distributions(self) -> None:
        panels = self._panels
        panels.latent.set_counts(None)
        panels.sign.set_counts(None)
        panels.latent_card.set_hint("")
        panels.sign_card.set_hint("")

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
