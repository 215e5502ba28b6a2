"""The card of the first-layer filters: the tiles and the buttons that turn their pages."""

from __future__ import annotations

from PySide6.QtWidgets import QToolButton

from app.why import explain
from app.widgets.card import Card
from app.widgets.filters import FilterTiles


class FiltersCard(Card):
    """Tiles of the first layer, with which of them are shown."""

    def __init__(self) -> None:
        super().__init__("First-layer filters", figures=True)
        self.tiles = FilterTiles("Press Run: each output's weights appear here as a picture of the input.")
        self.tiles.setToolTip("Click: pin an output · arrows: walk · Page Up and Page Down: turn the page")
        self.body.addWidget(self.tiles, 1)
        self.back = self._turner("‹", "The outputs before", -1)
        self.forward = self._turner("›", "The outputs after", 1)
        self.tiles.turned.connect(self.refresh)
        explain(
            self,
            "The weights of each first-layer output, laid out as the picture it looks at. Early on they are noise; "
            "strokes and edges appear as it learns.",
            "The same bits as above, of the step shown: white +1, black −1, amber flipped since the picture before.",
            "bit",
        )
        self.refresh()

    def refresh(self) -> None:
        """Write which outputs are shown."""
        shown, count = self.tiles.shown, self.tiles.count
        self.set_hint(f"{shown.start:,} to {shown.stop - 1:,} of {count:,}" if count else "click pins, arrows walk")
        self.back.setEnabled(shown.start > 0)
        self.forward.setEnabled(shown.stop < count)

    def _turner(self, sign: str, what: str, pages: int) -> QToolButton:
        button = QToolButton()
        button.setText(sign)
        button.setToolTip(what)
        button.setAccessibleName(what)
        button.setProperty("flat", True)
        button.clicked.connect(lambda _checked=False: self.tiles.turn(pages))
        self.add_to_header(button)
        return button
