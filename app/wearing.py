"""The network in use, broken bit by bit while it is drawn for: how much, and what of it is shown."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.link import Channel
from app.models_list import ModelsList
from engine import messages as m


class Wearing(QObject):
    """`rate_changed`: what is on the canvas is to be read again. `told`: the worker has said what is broken now."""

    rate_changed = Signal()
    told = Signal()

    def __init__(self, inference: Channel, models: ModelsList, parent: QObject) -> None:
        super().__init__(parent)
        self._inference, self._models = inference, models
        self.rate = 0.0
        self.layer = 0
        self.worn: m.Worn | None = None

    def set_rate(self, rate: float) -> None:
        """Break this share of the weight bits; 0 for none."""
        if rate != self.rate:
            self.rate = rate
            self.ask()
            self.rate_changed.emit()

    def show_layer(self, layer: int) -> None:
        """Look at another layer."""
        if layer != self.layer:
            self.layer = layer
            self.ask()

    def ask(self) -> None:
        """Tell the worker, which may be a new one, or have another model; nothing is shown where none is packed."""
        model = self._models.model
        if model is None or model.form != "packed":
            self.worn = None
            self.told.emit()
            return
        self.layer = min(self.layer, len(model.layers) - 1)
        self._inference.send(m.Wear(model.key, self.rate, self.layer))

    def take(self, event: m.Worn) -> None:
        """What the worker says, unless it is of something that no longer stands."""
        if (event.key, event.rate, event.layer) == (self._models.key, self.rate, self.layer):
            self.worn = event
            self.told.emit()
