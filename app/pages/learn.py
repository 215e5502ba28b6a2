"""The Learn page: a network learns and every weight bit is seen; the past is one drag of the scrubber away."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.figures import percent
from app.session import TRAINING, Notice, Session
from app.theme import GAP
from app.watched import Watched
from app.widgets.bits_card import BitsCard
from app.widgets.card import Card
from app.widgets.confusion import ConfusionMatrix
from app.widgets.curve_cards import AccuracyCard, FlipsCard, LossCard, layer_titles
from app.widgets.filters_card import FiltersCard
from app.widgets.histogram import Histogram
from app.widgets.learn_bar import LearnBar
from app.widgets.notice import NoticeArea
from app.widgets.scrubber import Scrubber
from app.widgets.strip import Strip
from engine import messages as m
from engine.bits import Words
from engine.history import Moment

TICK_MS = 33
"""One card of curves is drawn a tick, none in the tick that draws pictures: no long pause anywhere."""
PICTURE_SECONDS = 0.095
"""Live pictures are at least so far apart; scrubbing is not held back."""


class LearnPage(QWidget):
    """Listens to the session and pokes it. Draws only what changed, and only while it is seen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._session = session
        self._watched = Watched()
        self._run_name = ""
        self._why = ""
        self._picture_due = self._scrubbed = True
        self._curves_due: list[Callable[[], None]] = []
        self._pictured: tuple[str, int, bool] | None = None  # run, layer, live: what the last picture was of
        self._pictured_at = -math.inf
        self._lay_out()
        self._connect()
        self._drawings: tuple[Callable[[], None], ...] = (
            lambda: self.loss.refresh(session.run),
            lambda: self.flips.refresh(session.run),
            self._refresh_scrubber,
            lambda: self.accuracy.refresh(session.run),
        )
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.refresh_due)
        self._run_changed()

    # ------------------------------------------------------------ making

    def _lay_out(self) -> None:
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        self.bar = LearnBar(self._session)
        page.addWidget(self.bar)
        body = QVBoxLayout()
        body.setContentsMargins(GAP, GAP - 4, GAP, GAP - 6)
        body.setSpacing(GAP - 4)
        page.addLayout(body, 1)
        self.notices = NoticeArea(self._session, "learn", "")
        body.addWidget(self.notices)
        panels = QHBoxLayout()
        panels.setSpacing(GAP)
        panels.addLayout(self._left(), 56)
        panels.addLayout(self._right(), 44)
        body.addLayout(panels, 1)
        self.strip = Strip(self._session)
        body.addWidget(self.strip)
        self.scrubber = Scrubber()
        body.addWidget(self.scrubber)

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(GAP - 4)
        self.bits = BitsCard()
        self.filters = FiltersCard()
        column.addWidget(self.bits, 100)
        column.addWidget(self.filters, 26)
        return column

    def _right(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(GAP - 4)
        self.loss, self.accuracy, self.flips = LossCard(), AccuracyCard(), FlipsCard()
        self.latent_card = Card("Latent weights", figures=True)
        self.latent = Histogram(
            "Latent weights", "value", *m.LATENT_RANGE, marks=(-1.0, 1.0),
            empty="Press Run: hidden weights appear here.",
        )  # fmt: skip
        self.latent_card.body.addWidget(self.latent, 1)
        self.sign_card = Card("Before the sign", figures=True)
        self.sign = Histogram(
            "Before the sign", "value", *m.PREACTIVATION_RANGE,
            empty="What signs are taken of appears here.",
        )  # fmt: skip
        self.sign_card.body.addWidget(self.sign, 1)
        self.confusion_card = Card("Confusion", "true ↓  taken for →")
        self.confusion = ConfusionMatrix("Which class is taken for which appears here with the first score.")
        self.confusion_card.body.addWidget(self.confusion, 1)
        cards = (self.loss, self.accuracy, self.flips, self.confusion_card, self.latent_card, self.sign_card)
        for index, card in enumerate(cards):
            grid.addWidget(card, index // 2, index % 2)
            grid.setRowStretch(index // 2, 1)
            grid.setColumnStretch(index % 2, 1)
        return grid

    def _connect(self) -> None:
        session = self._session
        session.frame_arrived.connect(self._frame_arrived)
        session.scored.connect(self._scored)
        session.run_changed.connect(self._run_changed)
        session.moment_changed.connect(self._moment_changed)
        self.bits.layer_chosen.connect(self._layer_chosen)
        self.bits.watch_asked.connect(self._watch)
        self.bits.view.pinned.connect(self._bit_pinned)
        self.filters.tiles.pinned.connect(self._filter_pinned)
        self.confusion.read.connect(self._confusion_read)
        self.scrubber.scrubbed.connect(session.scrub)
        self.scrubber.live_asked.connect(session.go_live)

    # ------------------------------------------------------------ what happens

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._due(curves=True, picture=True)
        self._scrubbed = True
        self._tick.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tick.stop()

    def _frame_arrived(self, frame: m.Frame) -> None:
        self._due(curves=True, picture=bool(frame.layers))
        if frame.watch is not None:
            self._watched.add(frame.watch)
        if self._tick.isActive():
            self._draw_picture_if_due()

    def _scored(self, _event: m.Scored) -> None:
        self._due(curves=True, picture=True)

    def _moment_changed(self) -> None:
        self._due(picture=True)
        self._scrubbed = True
        for plot in (self.loss.plot, self.accuracy.plot, self.flips.plot):
            plot.set_marker(self._session.playhead)
        self._refresh_scrubber()
        if self._tick.isActive():
            self._draw_picture_if_due()

    def _due(self, *, curves: bool = False, picture: bool = False) -> None:
        """Ask for drawing; what is asked for already keeps its turn."""
        self._picture_due |= picture
        if curves:
            waiting = set(self._curves_due)
            self._curves_due += [draw for draw in self._drawings if draw not in waiting]

    def _run_changed(self) -> None:
        run = self._session.run
        if run.name != self._run_name:
            self._run_name = run.name
            self.bits.set_layers(layer_titles(run.layers))
            self._name_cards(binary=run.config.binary_weights)
            self._forget()
        if run.why and run.why != self._why and run.state != "lost":
            self.notices.add(Notice("learn", run.why))
        if self._why and not run.why:
            self.notices.drop(self._why)  # it goes on
        self._why = run.why
        self._due(curves=True)

    def _name_cards(self, *, binary: bool) -> None:
        """An ordinary float network has no bits, and nothing of it is clipped."""
        self.bits.title.setText("Weight bits" if binary else "Signs of the weights")
        self.latent_card.title.setText("Latent weights" if binary else "Weights")
        self.sign_card.title.setText("Before the sign" if binary else "Before the ReLU")

    def _forget(self) -> None:
        """Begin a run with empty panels; a pinned weight goes on being watched."""
        target = self._watched.target
        self._watched = Watched()
        self.bits.set_watched(self._watched)
        self.bits.view.clear()
        self.filters.tiles.clear()
        self.filters.refresh()
        self._pictured = None
        self._picture_due = True
        layers = self._session.run.layers
        if target is not None and target[0] < len(layers):
            _, outputs, inputs = layers[target[0]]
            if target[1] < outputs and target[2] < inputs:
                self._watch(*target)

    def _layer_chosen(self, _layer: int) -> None:
        self._picture_due = self._scrubbed = True

    def _watch(self, layer: int, row: int, column: int) -> None:
        self._watched = Watched((layer, row, column))
        self.bits.set_watched(self._watched)
        if self._session.run.name and self._session.run.state != "lost":
            self._session.watch(layer, row, column)

    def _bit_pinned(self, row: int, _column: int) -> None:
        self.filters.tiles.pin(row if self.bits.layer == 0 else -1)

    def _filter_pinned(self, row: int) -> None:
        self.bits.choose(0)
        self.refresh_pictures()
        _, column = self.bits.view.pin_at or (0, self._session.run.layers[0][2] // 2)
        self.bits.view.pin(row, column)
        self._watch(0, row, column)
        self.bits.refresh()

    def _confusion_read(self, text: str) -> None:
        self.confusion_card.set_hint(text or "true ↓  taken for →")

    # ------------------------------------------------------------ drawing

    def refresh_due(self) -> None:
        """Draw one of the things that are due."""
        if not self._draw_picture_if_due() and self._curves_due:
            self._curves_due.pop(0)()

    def _draw_picture_if_due(self) -> bool:
        now = time.monotonic()
        due = self._picture_due and (self._scrubbed or now - self._pictured_at >= PICTURE_SECONDS)
        if due:
            self._picture_due = self._scrubbed = False
            self._pictured_at = now
            self.refresh_pictures()
        return due

    def _refresh_scrubber(self) -> None:
        session, run = self._session, self._session.run
        epoch = run.epoch if session.playhead is None else session.playhead / max(1, run.steps_per_epoch)
        newest = f"{run.step:,}" if run.name else ""
        self.scrubber.show_moments(len(run.history), session.moment_index, session.playhead, f"{epoch:.2f}", newest)

    def refresh_pictures(self) -> None:
        """Bits, filters, histograms and confusion of the moment that is to be shown."""
        session = self._session
        index = session.moment_index
        moment = session.moment()
        self.bits.set_step(session.playhead)
        if moment is None or self.bits.layer >= len(moment.layers):
            self._show_nothing()
            return
        layer = moment.layers[self.bits.layer]
        self.bits.view.reduced_motion = session.settings.reduced_motion
        now = (session.run.name, self.bits.layer, session.live)
        went_on = now == self._pictured and session.live
        self._pictured = now
        fading = session.live and session.run.moving
        flipped = None if went_on else self._flipped_since(index, self.bits.layer, layer.signs)
        self.bits.view.set_bits(layer.signs, layer.outputs, layer.inputs, flipped=flipped, fading=fading)
        self._show_filters(moment, None if went_on else index)
        self._show_histograms(layer)
        self.confusion.set_counts(moment.confusion, self._class_names())
        self.bits.refresh()

    def _show_filters(self, moment: Moment, index: int | None) -> None:
        """index: of the moment, where flips are to be found against the recorded moment before it."""
        first = moment.layers[0]
        flipped = None if index is None else self._flipped_since(index, 0, first.signs)
        self.filters.tiles.set_bits(first.signs, self._input_shape(first.inputs), flipped)
        self.filters.refresh()

    def _show_histograms(self, layer: m.LayerFrame) -> None:
        self.latent.set_counts(layer.latent_histogram, f"Latent weights of {layer.name}:")
        beyond = "clipped" if self._session.run.config.binary_weights else "beyond ±1"
        self.latent_card.set_hint(f"{beyond} {percent(layer.clipped)}")
        if not layer.preactivation_histogram.sum():
            self.sign_card.set_hint("")
            return
        self.sign.set_counts(layer.preactivation_histogram, f"Before the sign in {layer.name}:")
        self.sign_card.set_hint(f"−1 {100 * (1 - layer.positive):.0f}% · +1 {100 * layer.positive:.0f}%")

    def _show_nothing(self) -> None:
        self.latent.set_counts(None)
        self.sign.set_counts(None)
        self.latent_card.set_hint("")
        self.sign_card.set_hint("")
        self.confusion.set_counts(None)
        self.bits.refresh()

    def _flipped_since(self, index: int, layer: int, signs: Words) -> Words:
        """The bits of a layer that differ from the recorded moment before `index`."""
        if index == 0:
            return np.zeros_like(signs)
        return signs ^ self._session.run.history.signs(index - 1, layer)

    def _input_shape(self, inputs: int) -> tuple[int, int, int]:
        """What the network says of its input; before it has, a square where there is one, else a strip."""
        info = self._session.infos.get(TRAINING)
        if info is not None and math.prod(info.input_shape) == inputs:
            return info.input_shape
        side = math.isqrt(inputs)
        return (side, side, 1) if side * side == inputs else (1, inputs, 1)

    def _class_names(self) -> tuple[str, ...]:
        info = self._session.infos.get(TRAINING)
        return info.class_names if info is not None else ()
