"""What the canvas asks of the model in use: predictions, latest only, and pictures brought to its input."""

from __future__ import annotations

from PySide6.QtCore import SignalInstance

from app.link import Channel
from app.models_list import ModelsList
from engine import messages as m


class Predictor:
    """One prediction is in flight and one image may wait. `answered` is emitted with m.Prediction or None."""

    def __init__(self, inference: Channel, models: ModelsList, answered: SignalInstance) -> None:
        self._inference, self._models, self._answered = inference, models, answered
        self._request = 0
        self._in_flight: int | None = None
        self._waiting: tuple[m.Image, bool] | None = None
        self._waiting_picture = ""

    def predict(self, image: m.Image | None, *, passing: bool) -> None:
        """Score an image u8 [H, W, C], one of a pen that moves or a whole drawing; None for an empty canvas."""
        if image is None:
            self._waiting = None
            self._in_flight = None
            self._answered.emit(None)
        elif self._in_flight is None:
            self._send(image, passing)
        else:
            self._waiting = image, passing

    def take(self, event: m.Prediction) -> None:
        """Show an answer, unless it is to a question that no longer stands."""
        if event.request == self._in_flight:
            self._answered.emit(event)
            if event.complete:
                self.send_waiting()

    def send_waiting(self) -> None:
        """Nothing is in flight any more: send what was drawn meanwhile."""
        self._in_flight = None
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._send(*waiting)

    def open_picture(self, path: str, *, again: bool = False) -> None:
        """Bring a picture file to the input of the model in use, once that is loaded."""
        if self._models.model is None:
            self._waiting_picture = path
            return
        self._request += 1
        self._inference.send(m.Prepare(self._request, path, self._models.key, again))

    def open_waiting_picture(self) -> None:
        """A model came into use: open the picture that waited for one."""
        path, self._waiting_picture = self._waiting_picture, ""
        if path:
            self.open_picture(path)

    def _send(self, image: m.Image, passing: bool) -> None:
        if self._models.model is None:
            return
        self._request += 1
        self._in_flight = self._request
        self._inference.send(m.Predict(self._request, self._models.key, image, passing))
