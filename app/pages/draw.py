"""The Draw page: draw a digit, see what the network sees, its bits, and what every backend says."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.parts import InParts
from app.pen_clock import PenClock
from app.session import Notice, Session
from app.theme import GAP, theme
from app.why import explain
from app.widgets.canvas import Canvas
from app.widgets.card import Card, label
from app.widgets.draw_bar import DrawBar
from app.widgets.ink import Picture
from app.widgets.layer_signs import LayerCard, no_layers
from app.widgets.notice import NoticeArea
from app.widgets.page import framed
from app.widgets.scores import ScoreChart
from app.widgets.sight import Sight
from app.widgets.tray_card import TrayCard
from app.widgets.votes import Votes
from app.widgets.wear_card import WearCard
from engine import digits
from engine import messages as m

LAYER_ROOM = 170
"""Least height of a layer's card; more layers than fit are scrolled."""


class DrawPage(InParts):
    """Listens to the session; asks it for a prediction whenever what the network sees may have changed."""

    watch_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.session = session
        self.clock = PenClock()
        self.layers: list[LayerCard] = []
        self._shown: m.Prediction | None = None
        self._answered = 0  # the request that was answered last, perhaps not by all yet
        self._layout_for: m.ModelInfo | None = None
        self._inked = False

    def parts(self) -> Iterator[None]:
        session = self.session
        self.canvas = Canvas()
        self.sight = Sight()
        self.weights = WearCard(session)
        self.votes = Votes()
        self.chart = ScoreChart()
        self.readout = label("", "muted", figures=True)
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
            return picture.image
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
        image = self.seen()
        self.sight.show_image(image)
        self._inked = image is not None
        if image is None or self.session.model is None:
            self.clock.forget()
            self.session.predict(None)
            return
        self.clock.asked(at)
        self.session.predict(image, passing=self.canvas.pen_down)

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
            self._scores_card.set_hint(_votes_for(model))
            self._make_layers(model)
        self._say_if_not_drawable()
        self.ask()

    def _say_if_not_drawable(self) -> None:
        model = self.session.model
        if model is None or self._drawable():
            self._canvas_card.set_hint("or drop a picture")
        else:
            height, width, channels = model.input_shape
            self._canvas_card.set_hint(f"this model reads {height}×{width}×{channels} pictures: drop one")

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
        for index, card in enumerate(self.layers):
            found = event is not None and index < len(event.layers)
            card.show_signs(event.layers[index] if event is not None and found else None)
        self._show_chart()

    def _show_chart(self) -> None:
        active = self.session.active_backend
        votes = self._shown.votes if self._shown is not None else ()
        answered = [vote for vote in votes if vote.scores is not None]
        vote = next((v for v in answered if v.backend == active), answered[0] if answered else None)
        self.chart.show_scores(None if vote is None else vote.scores, "xnor" if vote is None else vote.kind)
        self._scores_card.title.setText("Scores" if vote is None else f"Scores of {vote.backend}")

    def _painted(self) -> None:
        self.clock.painted(time.perf_counter())
        typical = self.clock.typical
        if typical is not None:
            self.readout.setText(f"pen to prediction {typical * 1000:.0f} ms, median of {len(self.clock.seconds)}")

    def _prepared(self, event: m.Prepared) -> None:
        self.canvas.put_picture(Picture(event.picture, None if event.blank else event.image))
        self.clock.forget()  # it was not drawn with a pen
        if event.blank:
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
        columns = QHBoxLayout()
        columns.setSpacing(GAP)
        columns.addLayout(self._left(), 40)
        columns.addWidget(self._middle(), 27)
        columns.addLayout(self._right(), 34)
        inner.addLayout(columns, 1)
        inner.addSpacing(GAP - inner.spacing())
        inner.addWidget(self.tray)

    def _left(self) -> QVBoxLayout:
        left = QVBoxLayout()
        left.setSpacing(GAP)
        self._canvas_card = Card("Draw a digit", "or drop a picture")
        self._canvas_card.body.addWidget(self.canvas, 1)
        explain(
            self._canvas_card,
            "Draw a digit with mouse or pen: it is read while you draw. Undo takes back a stroke; a picture can be "
            "dropped in its place.",
            "Strokes are kept as lines and drawn to 280×280 grey pixels, whatever the size of the window.",
            "data",
        )
        sees = Card("What it sees")
        sees.body.addWidget(self.sight, 1)
        explain(
            sees,
            "Your drawing as the network gets it: cropped to its ink, scaled, and centred by its mass, as the digits "
            "that it learned from. Point at a square for the pixel's value.",
            "Brightness from 0 to 255 of each pixel, averaged over the area that it covers.",
            "data",
        )
        below = QHBoxLayout()
        below.setSpacing(GAP)
        below.addWidget(sees, 10)
        below.addWidget(self.weights, 17)
        left.addWidget(self._canvas_card, 10)
        left.addLayout(below, 4)
        return left

    def _middle(self) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        holder = QWidget()
        self._layers_place = QVBoxLayout(holder)
        self._layers_place.setContentsMargins(0, 0, 0, 0)
        self._layers_place.setSpacing(GAP)
        area.setWidget(holder)
        self._make_layers(None)
        return area

    def _right(self) -> QVBoxLayout:
        right = QVBoxLayout()
        right.setSpacing(GAP)
        self._scores_card = Card("Scores", "votes for each digit")
        self._scores_card.body.addWidget(self.chart, 1)
        self._scores_card.body.addWidget(self.readout)
        explain(
            self._scores_card,
            "The score of every class from the backend in use; the highest wins. Arrow keys or the pointer tell a "
            "score to its last bit.",
            "float32 scores without unit: the last layer's sum times the class's scale plus its shift. Pen to "
            "prediction is from the pen's event to the painted answer, median of the latest.",
            "networks",
        )
        right.addWidget(self.votes)
        right.addWidget(self._scores_card, 1)
        return right

    def _make_layers(self, model: m.ModelInfo | None) -> None:
        """One card a hidden layer of a packed model; a word where there are none."""
        while (item := self._layers_place.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        packed = model is not None and model.form == "packed"
        widths = [outputs for outputs, _ in model.layers[:-1]] if model is not None and packed else []
        self.layers = [LayerCard(number, outputs) for number, outputs in enumerate(widths, 1)]
        for card in self.layers:
            card.setMinimumHeight(LAYER_ROOM)
            self._layers_place.addWidget(card, 1)
        if not self.layers:
            self._layers_place.addWidget(no_layers(model), 1)


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
