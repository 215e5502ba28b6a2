"""The panels of the Draw page: the canvas and what is seen of it, the hidden layers, votes and scores."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.session import Session
from app.theme import GAP
from app.why import explain
from app.widgets.canvas import Canvas
from app.widgets.card import Card
from app.widgets.layer_signs import LayerCard, no_layers
from app.widgets.live_label import LiveLabel
from app.widgets.scores import ScoreChart
from app.widgets.sight import Sight
from app.widgets.votes import Votes
from app.widgets.wear_card import WearCard
from engine import messages as m

LAYER_ROOM = 170
"""Least height of a layer's card; more layers than fit are scrolled."""


class DrawPanels(QWidget):
    """Three columns. `layers` has a card for each hidden layer of the model that was told last."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.canvas, self.sight = Canvas(), Sight()
        self.weights = WearCard(session)
        self.votes, self.chart = Votes(), ScoreChart()
        self.readout = LiveLabel("muted", figures=True)
        self.layers: list[LayerCard] = []
        columns = QHBoxLayout(self)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(GAP)
        columns.addLayout(self._left(), 40)
        columns.addWidget(self._middle(), 27)
        columns.addLayout(self._right(), 34)

    def show_layers_of(self, model: m.ModelInfo | None) -> None:
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

    def _left(self) -> QVBoxLayout:
        left = QVBoxLayout()
        left.setSpacing(GAP)
        self.canvas_card = Card("Draw a digit", "or drop a picture")
        self.canvas_card.body.addWidget(self.canvas, 1)
        explain(
            self.canvas_card,
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
        left.addWidget(self.canvas_card, 10)
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
        self.show_layers_of(None)
        return area

    def _right(self) -> QVBoxLayout:
        right = QVBoxLayout()
        right.setSpacing(GAP)
        self.scores_card = Card("Scores", "votes for each digit")
        self.scores_card.body.addWidget(self.chart, 1)
        self.scores_card.body.addWidget(self.readout)
        explain(
            self.scores_card,
            "The score of every class from the backend in use; the highest wins. Arrow keys or the pointer tell a "
            "score to its last bit.",
            "float32 scores without unit: the last layer's sum times the class's scale plus its shift. Pen to "
            "prediction is from the pen's event to the painted answer, median of the latest.",
            "networks",
        )
        right.addWidget(self.votes)
        right.addWidget(self.scores_card, 1)
        return right
