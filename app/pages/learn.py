"""The Learn page: a network learns and every weight bit is seen; the past is one drag of the scrubber away."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import cached_property

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app import notices
from app.focus import leave_keys
from app.one_by_one import OneByOne
from app.parts import InParts
from app.run_pictures import RunPictures
from app.session import Notice, Session
from app.theme import GAP, theme
from app.watched import Watched
from app.widgets.curve_cards import layer_titles
from app.widgets.learn_bar import LearnBar
from app.widgets.notice import NoticeArea
from app.widgets.run_panels import CONFUSION_HINT, RunPanels
from app.widgets.runs_view import RunsView
from app.widgets.scrubber import Scrubber
from app.widgets.setup_panel import SetupPanel
from app.widgets.strip import Strip
from engine import messages as m

ACCURACY_SECONDS = 0.5
"""Between two scores only the axis of the accuracy goes on: its pictures are at least so far apart."""


class LearnPage(InParts):
    """Listens to the session and pokes it. Draws only what changed, and only while it is seen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._session = session
        self._watched = Watched()
        self._run_name = ""
        self._why = ""
        self._refused: m.NotSaved | None = None
        self._accuracy_at = -math.inf
        self.drawing = OneByOne(self)

    # ------------------------------------------------------------ making

    def parts(self) -> Iterator[None]:
        self.bar = LearnBar(self._session)
        self.strip, self.scrubber = Strip(self._session), Scrubber()
        yield
        self.panels = RunPanels(self)
        while self.panels.make_part():
            yield
        self.runs = RunsView(self._session, self)
        while self.runs.make_part():
            yield
        self._lay_out()
        yield
        for part in (self.bar, self.notices, *self.panels.dressed, self.strip, self.scrubber, self.runs):
            theme().dress(part)
            yield
        self._connect()
        self._run_changed()

    def _lay_out(self) -> None:
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.bar)
        body = QVBoxLayout()
        body.setContentsMargins(GAP, GAP - 4, GAP, GAP - 6)
        body.setSpacing(GAP - 4)
        page.addLayout(body, 1)
        self.notices = NoticeArea(self._session, "learn", "")
        body.addWidget(self.notices)
        self._stack = QStackedWidget()
        self._run = self._run_view()
        self._stack.addWidget(self._run)
        self._stack.addWidget(self.runs)
        body.addWidget(self._stack, 1)

    @cached_property
    def setup(self) -> SetupPanel:
        """The settings, made when they are wanted first."""
        made = SetupPanel(self._session)
        made.section_shown.connect(self._mark_section)
        made.left.connect(lambda: self.show_setup(""))
        leave_keys(made)
        self.panels.set_side(made)
        return made

    def _run_view(self) -> QWidget:
        view = QWidget()
        column = QVBoxLayout(view)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP - 4)
        panels = self.panels
        self.pictures = RunPictures(self._session, panels)
        self.bits, self.filters = panels.bits, panels.filters
        self.loss, self.accuracy, self.flips = panels.loss, panels.accuracy, panels.flips
        self.latent_card, self.latent = panels.latent_card, panels.latent
        self.sign_card, self.sign = panels.sign_card, panels.sign
        self.confusion_card, self.confusion = panels.confusion_card, panels.confusion
        column.addWidget(panels, 1)
        column.addWidget(self.strip)
        column.addWidget(self.scrubber)
        return view

    def _connect(self) -> None:
        session = self._session
        session.frame_arrived.connect(self._frame_arrived)
        session.scored.connect(self._scored)
        session.evaluation_changed.connect(lambda _key: self._want_pictures())
        session.run_changed.connect(self._run_changed)
        session.moment_changed.connect(self._moment_changed)
        session.race.changed.connect(self._race_changed)
        session.jobs.changed.connect(self._race_changed)
        self.accuracy.race.clicked.connect(lambda _checked=False: session.race.toggle())
        self.bits.layer_chosen.connect(self._layer_chosen)
        self.bits.watch_asked.connect(self._watch)
        self.bits.view.pinned.connect(self._bit_pinned)
        self.filters.tiles.pinned.connect(self._filter_pinned)
        self.confusion.read.connect(self._confusion_read)
        self.bar.runs.toggled.connect(self.show_runs)
        self.runs.left.connect(lambda: self.show_runs(False))
        self.bar.section_asked.connect(self.show_setup)
        self.scrubber.scrubbed.connect(session.scrub)
        self.scrubber.live_asked.connect(session.go_live)

    # ------------------------------------------------------------ what happens

    def show_runs(self, shown: bool) -> None:
        """Show the kept runs, or the run."""
        self.bar.runs.setChecked(shown)
        self._stack.setCurrentWidget(self.runs if shown else self._run)
        self._look()
        if not shown:
            self.setFocus()

    def show_setup(self, section: str) -> None:
        """Show a section of the settings in place of the curves; "" for the curves."""
        if section:
            self.show_runs(False)
            self.setup.show_section(section)
        self.panels.show_side(bool(section))
        self._mark_section(section)
        if not section:
            self.setFocus()

    def _mark_section(self, section: str) -> None:
        self.bar.show_section(section if self.panels.side_shown else "")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()

    def _look(self) -> None:
        """Draw while the run is seen, and then everything at once."""
        if self._stack.currentIndex():
            self.drawing.rest()
            return
        self._want_all()
        self.drawing.go()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.drawing.rest()

    def _frame_arrived(self, frame: m.Frame) -> None:
        if frame.watch is not None:
            self._watched.add(frame.watch)
        self._want_curves()
        if self._accuracy_is_old:
            self.drawing.want(self._draw_accuracy)
        if frame.layers:
            self._want_pictures()

    def _scored(self, _event: m.Scored) -> None:
        self._want_all()

    def _race_changed(self) -> None:
        self.accuracy.offer(self._session.race)
        self._want_curves()
        self.drawing.want(self._draw_accuracy)

    def _moment_changed(self) -> None:
        for plot in (self.loss.plot, self.accuracy.plot, self.flips.plot):
            plot.set_marker(self._session.playhead)
        self._refresh_scrubber()
        self._want_pictures()
        if self.drawing.going:
            self.drawing.do_now(self.pictures.draw_bits)  # under the hand that moves the playhead

    def _want_curves(self) -> None:
        self.drawing.want(self._draw_loss, self._draw_flips)

    def _want_all(self) -> None:
        self._want_curves()
        self.drawing.want(self._draw_accuracy)
        self._want_pictures()

    def _want_pictures(self) -> None:
        pictures = self.pictures
        self.drawing.want(pictures.draw_bits, pictures.draw_filters, pictures.draw_distributions)

    def _run_changed(self) -> None:
        run = self._session.run
        if run.name != self._run_name:
            self._run_name = run.name
            self.bits.set_layers(layer_titles(run.layers))
            self._forget()
        if run.why and run.why != self._why and run.state != "lost":
            self.notices.add(Notice("learn", run.why))
        if self._why and not run.why:
            self.notices.drop(self._why)  # it goes on
        if self._refused is not None and run.refused is None:
            self.notices.drop(notices.not_saved(self._refused).what)
        self._why, self._refused = run.why, run.refused
        self._race_changed()

    def _forget(self) -> None:
        """Begin a run with empty panels; a pinned weight goes on being watched."""
        target = self._watched.target
        self._watched = Watched()
        self.bits.set_watched(self._watched)
        self.pictures.begin()
        self._want_pictures()
        layers = self._session.run.layers
        if target is not None and target[0] < len(layers):
            _, outputs, inputs = layers[target[0]]
            if target[1] < outputs and target[2] < inputs:
                self._watch(*target)

    def _layer_chosen(self, _layer: int) -> None:
        self._want_pictures()

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
        self.confusion_card.set_hint(text or CONFUSION_HINT)

    # ------------------------------------------------------------ drawing

    @property
    def _accuracy_is_old(self) -> bool:
        return time.monotonic() - self._accuracy_at >= ACCURACY_SECONDS

    def _draw_loss(self) -> None:
        self.loss.refresh(self._session.run)

    def _draw_flips(self) -> None:
        self.flips.refresh(self._session.run)
        self._refresh_scrubber()

    def _draw_accuracy(self) -> None:
        self._accuracy_at = time.monotonic()
        self.accuracy.refresh(self._session.run, self._session.race)

    def _refresh_scrubber(self) -> None:
        session, run = self._session, self._session.run
        epoch = run.epoch if session.playhead is None else session.playhead / max(1, run.steps_per_epoch)
        newest = f"{run.step:,}" if run.name else ""
        self.scrubber.show_moments(len(run.history), session.moment_index, session.playhead, f"{epoch:.2f}", newest)

    def refresh_pictures(self) -> None:
        """Bits, filters, distributions and confusion of the moment that is to be shown, all at once."""
        self.pictures.draw_bits()
        self.pictures.draw_filters()
        self.pictures.draw_distributions()
