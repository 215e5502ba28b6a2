"""The curves of every step on cards: loss and flips; drawn from the history, the playhead marked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.run_view import RunView
from app.theme import Tokens
from app.why import explain
from app.widgets.axes import Axis, figure
from app.widgets.card import Card
from app.widgets.plot import Paint, Plot

Share = NDArray[np.float32]
STRETCHES = 300
"""Minima and maxima a curve is drawn from, about one for each pixel of a small plot."""


def layer_titles(layers: tuple[tuple[str, int, int], ...]) -> list[str]:
    """ "784→512" for each (name, outputs, inputs)."""
    return [f"{inputs}→{outputs}" for _, outputs, inputs in layers]


class LossCard(Card):
    """Loss of every step on its training batch; the test set's loss where it was scored."""

    def __init__(self) -> None:
        super().__init__("Loss", figures=True)
        self.plot = Plot("Loss", Axis("step"), Axis("loss", low=0.0), empty="The loss of every step appears here.")
        self.plot.add_line("train", lambda t: t.muted)
        self.plot.add_line("test", lambda t: t.xnor, symbol=True)
        self.body.addWidget(self.plot, 1)
        explain(
            self,
            "How wrong the network is, in the unit of its loss: grey on each batch that it learns from, green on the "
            "test images. Falling together is learning; green rising while grey falls is learning by heart.",
            "Loss without unit, of every training step on its own batch (minimum and maximum of each stretch), and of "
            "the whole test set at each score.",
            "methods",
        )

    def refresh(self, run: RunView) -> None:
        """Draw the run up to now."""
        steps, low, high = run.history.curve("loss", 0, run.step, STRETCHES)
        scores = run.history.scores()
        with self.plot.together():
            self.plot.set_x_range(0, room_for(run.step))
            self.plot.set_band("train", steps, low, high)
            if scores.steps.size != self.plot.series["test"].x.size:
                self.plot.set_line("test", scores.steps, scores.loss)
        self.set_hint(figure(float(high[-1])) if steps.size else "")
        if steps.size:
            self.plot.set_summary(f"The training loss went from {figure(float(high[0]))} to {figure(float(high[-1]))}.")


class FlipsCard(Card):
    """Share of the weights of each layer that flip at a step, on a log axis."""

    def __init__(self) -> None:
        super().__init__("Flips per step", "of weights, log")
        self.plot = Plot(
            "Flips per step", Axis("step"), Axis("share", log=True),
            empty="The share that flips appears here.",
        )  # fmt: skip
        self.body.addWidget(self.plot, 1)
        explain(
            self,
            "The share of each layer's weights that turn at a step, on a logarithmic axis. It dies down, layer by "
            "layer, as the learning rate falls and the network comes to rest.",
            "Signs compared before and after every step, over all weights of the layer (minimum and maximum of each "
            "stretch); a step without flips lies at half a flip.",
            "flip",
        )
        self._titles: list[str] = []

    def refresh(self, run: RunView) -> None:
        """Draw the run up to now; each layer's line in its own colour."""
        self._titles = layer_titles(run.layers)
        names = [f"L{number} {title}" for number, title in enumerate(self._titles, 1)]
        told = []
        with self.plot.together():
            self.plot.set_x_range(0, room_for(run.step))
            for stale in self.plot.series.keys() - set(names):
                self.plot.set_line(stale, [], [])
            for index, name in enumerate(names):
                if name not in self.plot.series:
                    self.plot.add_line(name, _layer_paint(index))
                    self.plot.series[name].item.setZValue(-index)  # the later a layer, the smaller and the noisier
                steps, low, high = run.history.curve(f"flips/{index}", 0, run.step, STRETCHES)
                self.plot.set_band(name, steps, *_above_zero(low, high, run.layers[index]))
                if steps.size:
                    told.append(f"{self._titles[index]}: {figure(100 * float(high[-1]))} %")
        if told:
            self.plot.set_summary(f"Weights flipping a step now, by layer: {', '.join(told)}.")


def _above_zero(low: Share, high: Share, layer: tuple[str, int, int]) -> tuple[Share, Share]:
    """A step without flips lies at half a flip, just under the least that a layer can have: zero has no decade."""
    _, outputs, inputs = layer
    least = np.float32(0.5 / (outputs * inputs))
    return np.maximum(low, least), np.maximum(high, least)


def room_for(most: float) -> float:
    """The end of an axis of steps or seconds: the next round number, so that it stands still most of the time."""
    power = 10.0 ** np.floor(np.log10(max(most, 10)))
    return float(power * next(m for m in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if m * power >= most))


def _layer_paint(index: int) -> Paint:
    def paint(t: Tokens) -> str:
        return t.layer(index)

    return paint
