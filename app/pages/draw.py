"""The Draw page: draw a digit, see what the network sees, its bits, and what every backend says."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from app.parts import InParts
from app.pen_clock import PenClock
from app.session import Notice, Session
from app.theme import GAP, theme
from app.widgets.draw_bar import DrawBar
from app.widgets.draw_panels import DrawPanels
from app.widgets.ink import Fit, Picture
from app.widgets.notice import NoticeArea
from app.widgets.page import framed
from app.widgets.tray_card import TrayCard
from engine import digits
from engine import messages as m


class DrawPage(InParts):
    """Listens to the session; asks it for a prediction whenever what the network sees may have changed."""

    watch_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.session = session
        self.clock = PenClock()
        self._shown: m.Prediction | None = None
        self._answered = 0  # the request that was answered last, perhaps not by all yet
        self._layout_for: m.ModelInfo | None = None
        self._inked = False
        self._prepares: tuple[Picture, Fit] | None = None  # what is prepared anew for what, or could not be

    def parts(self) -> Iterator[None]:
        session = self.session
        self.panels = DrawPanels(session)
        self.canvas, self.sight = self.panels.canvas, self.panels.sight
        self.votes, self.chart = self.panels.votes, self.panels.chart
        yield
        self.bar = DrawBar(session, self.canvas)
        self.tray = TrayCard(session, self.canvas)
        yield
        self._lay_out()
        theme().dress(self)
        yield
        self._connect()
        self._backends_changed()
        self._model_changed()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Keys go to the canvas. (With it as its proxy Qt would skip all that comes before it when Tab is pressed.)"""
        self.canvas.setFocus(event.reason())

    # ------------------------------------------------------------ from the canvas to a question

    def seen(self) -> m.Image | None:
        """What the network sees of the canvas, u8 [H, W, C]; None when that is no digit."""
        picture = self.canvas.bare_picture
        if picture is not None:
            return picture.image if self._fits(picture) else None
        grey = self.canvas.grey()
        if grey is None or not self._drawable():
            return None
        model = self.session.model
        known = (
            (digits.MNIST, (digits.SIDE, digits.SIDE, 1)) if model is None else (model.preparation, model.input_shape)
        )
        return digits.prepared(grey, *known)

    def ask(self, at: float | None = None) -> None:
        """Ask for a prediction of what is on the canvas; `at`: when the pen moved (perf_counter)."""
        self._prepare_anew()
        image = self.seen()
        self.sight.show_image(image)
        self._inked = image is not None
        if image is None or self.session.model is None:
            self.clock.forget()
            self.session.predict(None)
            return
        self.clock.asked(at)
        self.session.predict(image, passing=self.canvas.pen_down)

    def _fits(self, picture: Picture) -> bool:
        """Whether a picture was prepared for such a model as is in use."""
        model = self.session.model
        return model is None or picture.fits in (None, (model.preparation, model.input_shape))

    def _prepare_anew(self) -> None:
        """Have a picture that was prepared for another model opened again, once for each model."""
        picture, model = self.canvas.bare_picture, self.session.model
        if picture is None or model is None or self._fits(picture):
            return
        wanted = picture, (model.preparation, model.input_shape)
        if self._prepares != wanted:
            self._prepares = wanted
            self.session.open_picture(picture.path, again=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A digit says what is on the canvas."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and len(event.text()) == 1 and event.text() in "0123456789" and not event.isAutoRepeat():
            self.tray.keep(int(event.text()))
        else:
            super().keyPressEvent(event)

    def _drawable(self) -> bool:
        """Whether the model takes what the canvas's preparation makes; without a model, it is assumed to."""
        model = self.session.model
        return model is None or digits.is_prepared(model.preparation, model.input_shape)

    # ------------------------------------------------------------ what the session says

    def _backends_changed(self) -> None:
        self.votes.set_backends(self.session.backends, self.session.active_backend)
        self._show(self._shown)
        self.ask()

    def _mode_changed(self) -> None:
        self.votes.set_active(self.session.active_backend)
        self._show_chart()

    def _model_changed(self) -> None:
        model = self.session.model
        if model is not None and _differs(model, self._layout_for):
            self._layout_for = model
            self.sight.set_shape(*model.input_shape[:2])
            self.chart.set_names(model.class_names)
            self.panels.scores_card.set_hint(_votes_for(model))
            self.panels.show_layers_of(model)
        self._say_if_not_drawable()
        self.ask()

    def _say_if_not_drawable(self) -> None:
        model = self.session.model
        if model is None or self._drawable():
            self.panels.canvas_card.set_hint("or drop a picture")
        else:
            height, width, channels = model.input_shape
            self.panels.canvas_card.set_hint(f"this model reads {height}×{width}×{channels} pictures: drop one")

    def _predicted(self, event: m.Prediction | None) -> None:
        if event is None:
            self._show(None)
            return
        already, self._answered = event.request == self._answered, event.request
        if not already:
            self.clock.answered()
        if event.key != self.session.model_key:
            return
        if already:  # what the slow ones say of it
            self._shown = event
            self.votes.show_prediction(event, self._class_names)
            self._show_chart()
        else:
            self._show(event)

    @property
    def _class_names(self) -> tuple[str, ...]:
        return self._layout_for.class_names if self._layout_for else ()

    def _show(self, event: m.Prediction | None) -> None:
        self._shown = event
        self.votes.show_prediction(event, self._class_names)
        if event is None and self._inked:
            self.votes.set_hint("waiting for the model")
        for index, card in enumerate(self.panels.layers):
            found = event is not None and index < len(event.layers)
            card.show_signs(event.layers[index] if event is not None and found else None)
        self._show_chart()

    def _show_chart(self) -> None:
        active = self.session.active_backend
        votes = self._shown.votes if self._shown is not None else ()
        answered = [vote for vote in votes if vote.scores is not None]
        vote = next((v for v in answered if v.backend == active), answered[0] if answered else None)
        self.chart.show_scores(None if vote is None else vote.scores, "xnor" if vote is None else vote.kind)
        self.panels.scores_card.title.setText("Scores" if vote is None else f"Scores of {vote.backend}")

    def _painted(self) -> None:
        self.clock.painted(time.perf_counter())
        typical = self.clock.typical
        if typical is not None:
            self.panels.readout.setText(
                f"pen to prediction {typical * 1000:.0f} ms, median of {len(self.clock.seconds)}"
            )

    def _prepared(self, event: m.Prepared) -> None:
        picture = Picture(event.picture, None if event.blank else event.image, event.path, event.fits)
        if not event.again:
            self.canvas.put_picture(picture)
        elif self._prepares is not None:
            (before, _), self._prepares = self._prepares, None  # it may come back by undo, and is asked for then
            self.canvas.replace_picture(before, picture)
        self.clock.forget()  # it was not drawn with a pen
        if event.blank and not event.again:
            self.session.noticed.emit(
                Notice("draw", "There is no digit on this picture.", "Open one with dark ink on light, or the reverse.")
            )

    def _noticed(self, notice: Notice) -> None:
        if notice.page == "draw":
            self.clock.forget()

    def _watch(self) -> None:
        if not self.session.run.active:
            self.session.start_wanted()
        self.watch_asked.emit()

    # ------------------------------------------------------------ making it

    def _connect(self) -> None:
        self.canvas.changed.connect(self.ask)
        self.chart.painted.connect(self._painted)
        self.bar.watch_asked.connect(self._watch)
        self.votes.chosen.connect(self._choose_backend)
        session = self.session
        session.backends_changed.connect(self._backends_changed)
        session.mode_changed.connect(self._mode_changed)
        session.model_changed.connect(self._model_changed)
        session.prediction.connect(self._predicted)
        session.prepared.connect(self._prepared)
        session.noticed.connect(self._noticed)
        session.wearing.rate_changed.connect(self.ask)

    def _choose_backend(self, name: str) -> None:
        kind = next((b.kind for b in self.session.backends if b.name == name), "")
        if kind == "float":
            self.session.set_mode("float")
        elif kind == "xnor":
            self.session.set_backend(name)
            self.session.set_mode("xnor")

    def _lay_out(self) -> None:
        inner = framed(self, self.bar, NoticeArea(self.session, "draw", ""))
        inner.addWidget(self.panels, 1)
        inner.addSpacing(GAP - inner.spacing())
        inner.addWidget(self.tray)


def _differs(model: m.ModelInfo, other: m.ModelInfo | None) -> bool:
    """Whether the page must be laid out anew for a model."""
    if other is None:
        return True
    return (model.form, model.layers, model.input_shape, model.class_names) != (
        other.form,
        other.layers,
        other.input_shape,
        other.class_names,
    )


def _votes_for(model: m.ModelInfo) -> str:
    return "votes for each digit" if all(name.isdigit() for name in model.class_names) else "votes for each class"
