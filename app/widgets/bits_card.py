"""The card of the weight bits: layer tabs, the picture, what is under the pointer, the pinned weight's past."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout

from app.theme import GRID, theme, tokens
from app.watched import Target, Watched
from app.why import explain
from app.widgets.axes import Axis
from app.widgets.bits import BitView
from app.widgets.card import Card, label
from app.widgets.live_label import FittingLabel
from app.widgets.plot import Plot

NAMED = 5
"""Layers whose tabs have room for what they are."""
MANNERS = "wheel zooms · drag pans · 0 fits · arrows walk"
DWELL_MS = 120
"""How long the pointer must rest on a bit before the trainer is asked for its latent value."""


class BitsCard(Card):
    """`layer_chosen` and `watch_asked` (layer, row, column; row -1: nothing) are for the page to answer."""

    layer_chosen = Signal(int)
    watch_asked = Signal(int, int, int)

    def __init__(self) -> None:
        super().__init__("Weight bits")
        self.layer = 0
        self._names: list[str] = []
        self._inertia = "latent"
        self._watched = Watched()
        self._hover = (-1, -1)
        self._step: int | None = None
        self._tabs = QButtonGroup(self)
        self._tab_row = QHBoxLayout()
        self._tab_row.setSpacing(2)
        self.add_to_header(self._tab_row)
        self.view = BitView("Press Run: every square here will be one weight, black for −1 and white for +1.")
        self.view.hovered.connect(self._hovered)
        self.view.pinned.connect(self._pinned)
        self.body.addWidget(self.view, 1)
        self.legend = label()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.readout = FittingLabel(figures=True)  # what they say must not move the trace
        self.past = FittingLabel("muted", figures=True)
        self.trace = Plot(
            "Latent value of the pinned weight", Axis("step"), Axis("latent", low=-1.08, high=1.08),
            empty="click a square to follow it",
        )  # fmt: skip
        self.trace.add_line("latent", lambda t: t.float_)
        self.trace.setFixedHeight(76)
        self.trace.left.setTicks([[(-1.0, "−1"), (0.0, "0"), (1.0, "+1")]])
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.legend)
        words.addWidget(self.readout)
        words.addWidget(self.past)
        words.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addLayout(words, 3)
        foot.addWidget(self.trace, 2)
        self.body.addLayout(foot)
        self._dwell = QTimer(self)
        self._dwell.setSingleShot(True)
        self._dwell.setInterval(DWELL_MS)
        self._dwell.timeout.connect(self._watch_hovered)
        theme().changed.connect(self._write_legend)
        self._write_legend()
        self.set_step(None)
        explain(
            self,
            "Every square is one weight of a layer, a row for each output: black −1, white +1, amber where it flipped "
            "just now. Zoom until one square is one bit; a click follows its latent value below.",
            "The signs of the latent weights at the step shown, all of them, as the trainer sent them; flips are "
            "counted at every step, also between two pictures.",
            "flip",
        )

    def set_layers(self, names: list[str]) -> None:
        """Offer a tab for each layer, called by its number where many names would not fit."""
        if self._names == names:
            return
        self._names = names
        for button in self._tabs.buttons():
            self._tabs.removeButton(button)
            self._tab_row.removeWidget(button)
            button.hide()
            button.deleteLater()
        for index, name in enumerate(names):
            button = QPushButton(name if len(names) <= NAMED else f"L{index + 1}")
            button.setCheckable(True)
            button.setProperty("flat", True)
            button.setAccessibleName(f"Layer {index + 1}, {name}")
            button.setToolTip(f"Layer {index + 1}: {name}, inputs → outputs")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, index=index: self.choose(index))
            self._tabs.addButton(button, index)
            self._tab_row.addWidget(button)
        self.layer = min(self.layer, max(0, len(names) - 1))
        if names:
            self._tabs.button(self.layer).setChecked(True)

    def name_inertia(self, name: str) -> None:
        """What the number behind a bit is called in this run."""
        self._inertia = name
        self.trace.y_axis = replace(self.trace.y_axis, name=name)
        self.trace.redraw()

    def choose(self, layer: int) -> None:
        """Go to a layer's tab."""
        if layer != self.layer and self._tabs.button(layer) is not None:
            self.layer = layer
            self._tabs.button(layer).setChecked(True)
            self.view.pin(-1, -1)
            self.layer_chosen.emit(layer)

    # ------------------------------------------------------------ what is watched

    def set_watched(self, watched: Watched) -> None:
        """Show the past of the watched weight from here on."""
        self._watched = watched

    def refresh(self) -> None:
        """Write what is known of the bit under the pointer, else of the pinned one, as of the step shown."""
        at = self._hover if self._hover[0] >= 0 else self.view.pin_at
        if at is None or not self.view.bit(*at):
            self._say("point at a square, or click to pin it", MANNERS)
            self.trace.clear_lines()
            return
        row, column = at
        sign = "+1" if self.view.bit(row, column) > 0 else "−1"
        past = ""
        target: Target = (self.layer, row, column)
        latent = self._watched.latent_at(self._step) if self._watched.target == target else None
        if latent is not None:
            flips = self._watched.flips_until(self._step)
            past = f"{self._inertia} {signed(latent)} · {flips:,} flip{'' if flips == 1 else 's'} since watching"
        elif self.view.pin_at is not None and at != self.view.pin_at:
            past = "click to watch this one instead"
        self._say(f"row {row:,}, column {column:,} · bit {sign.replace('-', '−')}", past)
        self._show_trace()

    def _say(self, what: str, past: str) -> None:
        self.readout.say(what)
        self.past.say(past)

    def _show_trace(self) -> None:
        steps, latent = self._watched.trace()
        if steps.size < 2:
            self.trace.clear_lines()
            return
        self.trace.set_line("latent", steps, latent)
        self.trace.set_marker(self._step)
        _, row, column = self._watched.target or (0, 0, 0)
        self.trace.set_summary(f"Latent value of row {row}, column {column}: now {signed(latent[-1])}.")

    def _hovered(self, row: int, column: int) -> None:
        self._hover = (row, column)
        if row >= 0 and self.view.pin_at is None:
            self._dwell.start()
        self.refresh()

    def set_step(self, step: int | None) -> None:
        """Which step the readout is of; None for live."""
        self._step = step
        self.refresh()

    def _watch_hovered(self) -> None:
        if self._hover[0] >= 0 and self.view.pin_at is None:
            self.watch_asked.emit(self.layer, *self._hover)

    def _pinned(self, row: int, column: int) -> None:
        self.watch_asked.emit(self.layer, row, column)
        self.refresh()

    def _write_legend(self) -> None:
        t = tokens()
        self.legend.setText(
            f'<span style="color:{t.muted}">black −1 · white +1 · </span>'
            f'<span style="color:{t.flip_word}">amber flipped just now</span>'
        )


def signed(value: float) -> str:
    """A latent value with its sign, three places: "+0.083", "−0.083"."""
    return f"{value:+.3f}".replace("-", "−")
