"""The knobs of a method that are played with while it trains, in a row of sliders; no row where the method has none."""

from __future__ import annotations

from types import SimpleNamespace

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.options import BY_KEY
from app.theme import GAP, GRID
from app.widgets.card import label
from app.widgets.run_fields import RunFields


class Knobs(QWidget):
    """Every option that is a slider, shown where it means something."""

    def __init__(self, fields: RunFields) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        self._sliders: dict[str, QWidget] = {}
        for option in BY_KEY.values():
            if option.slider:
                part = QWidget()
                pair = QHBoxLayout(part)
                pair.setContentsMargins(0, 0, 0, 0)
                pair.setSpacing(GRID)
                name = label(option.title, "muted")
                name.setToolTip(option.line)
                pair.addWidget(name)
                pair.addWidget(fields.control(option.key), 1)
                row.addWidget(part, 1)
                self._sliders[option.key] = part
        row.addStretch(1)
        fields.refreshed.connect(self._refresh)

    def _refresh(self, values: SimpleNamespace) -> None:
        shown = {key: BY_KEY[key].shown(values) for key in self._sliders}
        for key, part in self._sliders.items():
            part.setVisible(shown[key])
        self.setVisible(any(shown.values()))
