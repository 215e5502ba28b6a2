"""The first layer as pictures: each output's weights as a black and white tile of the input's shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import theme, tokens
from app.widgets import bitraster as raster
from app.widgets.filter_layout import CHANNELS, Layout, Shape
from engine.bits import Words, unpack


class FilterTiles(QWidget):
    """A page of tiles. Click or arrow keys pin one, Page Up and Page Down (or the wheel) turn the page.

    `pinned` and `hovered` give the output's row (-1: none); `turned` fires when the page shows other outputs.
    """

    pinned = Signal(int)
    hovered = Signal(int)
    turned = Signal()

    def __init__(self, empty: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._empty = empty
        self._words: Words | None = None
        self._flipped: Words | None = None
        self._shape: Shape = (28, 28, 1)
        self._first = 0
        self._pin = -1
        self._pixels: NDArray[np.uint32] | None = None
        self._laid_out_for: tuple[object, ...] = ()
        self._laid_out = Layout(1, 1, 1, 1, 1, 1, 1)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("First-layer filters")
        self.setAccessibleDescription(empty)
        theme().changed.connect(self._redraw)

    def sizeHint(self) -> QSize:
        return QSize(640, 124)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 64)

    # ------------------------------------------------------------ what is shown

    def set_bits(self, words: Words, shape: Shape, flipped: Words | None = None) -> None:
        """Show the rows of the first layer, uint64 [outputs, W], as tiles of `shape` (height, width, channels).

        flipped: bits to show in amber, or None for those that differ from the last picture. Channels lie side by side
        in a tile; red, green and blue are underlined so.
        """
        if flipped is None and self._words is not None and self._words.shape == words.shape:
            flipped = words ^ self._words
        self._words, self._shape, self._flipped = words, shape, flipped
        self._first = min(self._first, max(0, len(words) - 1))
        self._describe()
        self._redraw()

    def clear(self) -> None:
        """Show nothing but what will appear."""
        self._words = self._flipped = None
        self._first, self._pin = 0, -1
        self.setAccessibleDescription(self._empty)
        self._redraw()

    def pin(self, row: int) -> None:
        """Mark an output without announcing it, and turn to its page; -1 marks none."""
        if row != self._pin:
            self._pin = row
            if row >= 0 and not self._first <= row < self._first + self.per_page:
                self._turn_to(row // self.per_page * self.per_page)
            self._describe()
            self.update()

    def turn(self, pages: int) -> None:
        """Turn pages forward, or back."""
        last = max(0, self.count - 1) // self.per_page * self.per_page
        self._turn_to(min(max(self._first + pages * self.per_page, 0), last))

    @property
    def count(self) -> int:
        """How many outputs there are."""
        return 0 if self._words is None else len(self._words)

    @property
    def shown(self) -> range:
        """The outputs on this page."""
        return range(self._first, min(self._first + self.per_page, self.count))

    def _turn_to(self, first: int) -> None:
        if first != self._first:
            self._first = first
            self._describe()
            self._redraw()
        self.turned.emit()

    def _redraw(self) -> None:
        self._pixels = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._redraw()
        self.turned.emit()

    def _describe(self) -> None:
        pinned = f" Output {self._pin:,} is pinned." if self._pin >= 0 else ""
        shown = self.shown
        self.setAccessibleDescription(
            f"Weights of outputs {shown.start:,} to {shown.stop - 1:,} of {self.count:,} as pictures.{pinned}"
        )

    # ------------------------------------------------------------ geometry, in device pixels

    @property
    def _layout(self) -> Layout:
        """Where tiles lie now; made anew where size, ratio, shape or number are others."""
        ratio = self.devicePixelRatioF()
        size = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        wanted = (size, self._shape, self.count, ratio)
        if wanted != self._laid_out_for:
            self._laid_out_for, self._laid_out = wanted, Layout.of(*wanted)
        return self._laid_out

    @property
    def per_page(self) -> int:
        """Tiles of a full page."""
        return self._layout.per_page

    def square(self, row: int) -> QRectF:
        """Where an output of this page lies in the widget."""
        ratio, lay = self.devicePixelRatioF(), self._layout
        top, left = lay.corner(row - self._first)
        return QRectF(left / ratio, top / ratio, lay.columns * lay.scale / ratio, lay.rows * lay.scale / ratio)

    def _under(self, position: QPointF) -> int:
        return next((row for row in self.shown if self.square(row).contains(position)), -1)

    # ------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        t = tokens()
        if self._words is None:
            painter.setPen(t.color("muted"))
            centered = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(20, 0, -20, 0), centered, self._empty)
        else:
            pixels = self.pixels()
            image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], QImage.Format.Format_RGB32)
            painter.drawImage(QRectF(self.rect()), image)
            if self._pin in self.shown:
                painter.setPen(QPen(t.color("float_"), 2))
                painter.drawRect(self.square(self._pin).adjusted(1, 1, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(t.color("float_"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def pixels(self) -> NDArray[np.uint32]:
        """The page as it is now, RGB32 [height, width] in device pixels. Needs bits to show."""
        if self._words is None:
            raise ValueError("no filters to show")
        if self._pixels is None:
            self._pixels = self._drawn(self._words)
        return self._pixels

    def _drawn(self, words: Words) -> NDArray[np.uint32]:
        lay = self._layout
        page = np.full((lay.height, lay.width), tokens().color("surface").rgb(), np.uint32)
        table = raster.color_table(tokens())
        colors = table[self._pictures(words) * np.uint16(255)]
        if self._flipped is not None and self._flipped.shape == words.shape:
            colors[self._pictures(self._flipped) > 0] = table[-1]
        large = colors.repeat(lay.scale, 1).repeat(lay.scale, 2)
        for place, tile in enumerate(large):
            top, left = lay.corner(place)
            page[top : top + tile.shape[0], left : left + tile.shape[1]] = tile[: lay.height - top, : lay.width - left]
            if self._shape[2] == len(CHANNELS):
                line = np.array(CHANNELS, np.uint32).repeat(tile.shape[1] // len(CHANNELS))
                under = top + tile.shape[0] + 1
                page[under : under + 2, left : left + tile.shape[1]] = line[: max(0, lay.width - left)]
        return page

    def _pictures(self, words: Words) -> NDArray[np.uint16]:
        """The shown outputs' bits as pictures, [n, height, width * channels]."""
        height, width, channels = self._shape
        bits = unpack(words[self.shown.start : self.shown.stop], height * width * channels)
        turned = bits.reshape(-1, height, width, channels).transpose(0, 1, 3, 2)
        return turned.reshape(-1, height, channels * width).astype(np.uint16)

    # ------------------------------------------------------------ mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(self._under(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hovered.emit(self._under(event.position()))

    def leaveEvent(self, _event: QEvent) -> None:
        self.hovered.emit(-1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.turn(-1 if event.angleDelta().y() > 0 else 1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, across = Qt.Key(event.key()), self._layout.across
        walk = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -across, Qt.Key.Key_Down: across}
        pages = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        if key in walk and self.count:
            self._choose(min(max(self._pin + walk[key], 0), self.count - 1) if self._pin >= 0 else self._first)
        elif key in pages:
            self.turn(pages[key])
        else:
            event.ignore()

    def _choose(self, row: int) -> None:
        if row >= 0 and row != self._pin:
            self.pin(row)
            self.pinned.emit(row)
