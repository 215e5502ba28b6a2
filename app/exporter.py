"""The model in use written for other tools, by the inference worker between two predictions."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.link import Channel
from app.models_list import ModelsList
from engine import messages as m


class Exporter(QObject):
    """`done`: a sentence about what was written. What cannot be written is a notice, as of every command."""

    done = Signal(str)

    def __init__(self, inference: Channel, models: ModelsList, parent: QObject) -> None:
        super().__init__(parent)
        self._inference, self._models = inference, models

    def write(self, form: str, path: str) -> None:
        """Write the model in use in one of engine.export.FORMATS."""
        self._inference.send(m.Export(self._models.key, form, path))

    def take(self, event: m.Exported) -> None:
        """The worker has written it."""
        self.done.emit(f"Saved as {Path(event.path).name}, {event.bytes:,} bytes.")
