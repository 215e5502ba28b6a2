"""The weight bits of a layer: black -1, white +1, amber what flipped since the last picture; zooms to single bits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.figures import percent
from app.theme import theme, tokens
from app.widgets import bitraster as raster
from app.widgets.lens import Lens
from engine.bits import Words, popcount

FADE = 0.45
"""Seconds in which a flip fades."""
SHADE_MS = 90
"""Between two of its shades; each paints the whole picture, and five are seen as fading."""
GENERATIONS = 4
"""Pictures whose flips may be fading at once."""
HAIRLINE = 6.0
"""From this many pixels a bit on, hairlines part the bits."""
ZOOM_STEP = 0.12

Map = NDArray[np.bool_]


@dataclass
class Generation:
    """The flips of one picture: since when they fade (None: they stay), and where they show in the present view."""

    born: float | None
    words: Words
    shown: Map | None = None


class BitView(QWidget):
    """Packed bits uint64 [outputs, W] as a picture; rows are outputs, columns inputs.

    The wheel (or + and -) zooms about the pointer, dragging pans, 0 or a double click fits; a click pins a bit and the
    arrow keys walk it. `hovered` gives row and column, -1 and -1 off the picture. Several bits under one pixel show
    as their mean; a flip among them always shows.
    """

    hovered = Signal(int, int)
    pinned = Signal(int, int)

    def __init__(self, empty: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reduced_motion = False
        self.clock: Callable[[], float] = time.monotonic
        self._empty = empty
        self._words: Words | None = None
        self._lens = Lens()
        self._generations: list[Generation] = []
        self._grey: NDArray[np.uint8] | None = None
        self._pixels: NDArray[np.uint32] | None = None
        self._pin: tuple[int, int] | None = None
        self._grab: QPointF | None = None
        self._dragged = False
        self._fading = QTimer(self, interval=SHADE_MS)
        self._fading.timeout.connect(self._fade)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Weight bits")
        self.setAccessibleDescription(empty)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme().changed.connect(self._recolor)
        self._table = raster.color_table(tokens())

    def sizeHint(self) -> QSize:
        return QSize(640, 400)

    # ------------------------------------------------------------ what is shown

    def set_bits(
        self, words: Words, outputs: int, inputs: int, *, flipped: Words | None = None, fading: bool = True
    ) -> None:
        """Show bits; what flipped is found against the last picture, or given as uint64 [outputs, W].

        fading: flips fade; else they stay amber until the next picture.
        """
        lens, before = self._lens, self._words
        same = before is not None and (outputs, inputs) == (lens.outputs, lens.inputs)
        if flipped is None:
            flipped = words ^ before if same and before is not None else np.zeros_like(words)
        if not same:
            lens.outputs, lens.inputs = outputs, inputs
            lens.fit()
            self._pin = None
            self._generations = []
        self._words = words
        self._take_flips(flipped, fading and not self.reduced_motion)
        self._forget_picture(maps=not same)
        positive = percent(popcount(words) / max(1, outputs * inputs))
        self.setAccessibleDescription(
            f"{outputs:,} outputs by {inputs:,} inputs: {positive} of the weights are +1,"
            f" {popcount(flipped):,} flipped since the last picture."
        )

    def clear(self) -> None:
        """Show nothing but what will appear."""
        self._words = None
        self._generations = []
        self._pin = None
        self.setAccessibleDescription(self._empty)
        self._forget_picture()

    def pin(self, row: int, column: int) -> None:
        """Mark a bit without announcing it; row -1 marks none."""
        self._pin = (row, column) if 0 <= row < self._lens.outputs and 0 <= column < self._lens.inputs else None
        self.update()

    @property
    def pin_at(self) -> tuple[int, int] | None:
        """Row and column of the pinned bit."""
        return self._pin

    def bit(self, row: int, column: int) -> int:
        """The bit that is shown: +1 or -1; 0 where there is none."""
        if self._words is None or not (0 <= row < self._lens.outputs and 0 <= column < self._lens.inputs):
            return 0
        word = int(self._words[row, column // 64])
        return 1 if word >> (column % 64) & 1 else -1

    def _take_flips(self, flipped: Words, fading: bool) -> None:
        kept = [g for g in self._generations if fading and g.born is not None][-(GENERATIONS - 1) :]
        some = [Generation(self.clock() if fading else None, flipped)] if flipped.any() else []
        self._generations = kept + some
        if fading and self._generations:
            self._fading.start()

    def _fade(self) -> None:
        now = self.clock()
        kept = [g for g in self._generations if g.born is None or now - g.born < FADE]
        if not any(g.born is not None for g in kept):
            self._fading.stop()
        self._generations = kept
        self._pixels = None
        self.update()

    # ------------------------------------------------------------ geometry

    def _bit_under(self, position: QPointF) -> tuple[int, int]:
        if self._words is None or not self.rect().contains(position.toPoint()):
            return -1, -1
        column, row = self._lens.at(position.x(), position.y())
        return min(int(row), self._lens.outputs - 1), min(int(column), self._lens.inputs - 1)

    def square(self, row: int, column: int) -> QRectF:
        """Where a bit lies in the widget."""
        return QRectF(*self._lens.square(row, column))

    def zoom_by(self, steps: float, about: QPointF) -> None:
        """Zoom in (positive) or out, keeping the bit under `about` where it is."""
        self._lens.zoom_by(steps * ZOOM_STEP, about.x(), about.y())
        self._forget_picture()

    def fit(self) -> None:
        """Show the whole layer."""
        self._lens.fit()
        self._forget_picture()

    def _forget_picture(self, *, maps: bool = True) -> None:
        self._grey = self._pixels = None
        if maps:
            for generation in self._generations:
                generation.shown = None
        self.update()

    # ------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        self._measure()  # a window that went to another screen may have another ratio
        painter = QPainter(self)
        if self._words is None:
            painter.fillRect(self.rect(), tokens().color("bit_off" if tokens().dark else "raised"))
            painter.setPen(tokens().color("muted"))
            centered = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(40, 20, -40, -20), centered, self._empty)
        else:
            pixels = self.pixels()
            height, width = pixels.shape
            image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
            painter.drawImage(QRectF(self.rect()), image)
            if self._pin is not None:
                self._draw_pin(painter, self.square(*self._pin))
        if self.hasFocus():
            painter.setPen(QPen(tokens().color("float_"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def pixels(self) -> NDArray[np.uint32]:
        """The picture as it is now, RGB32 [height, width] in device pixels. Needs bits to show."""
        if self._words is None:
            raise ValueError("no bits to show")
        if self._pixels is None:
            rows, columns = self._lens.bins()
            if self._grey is None:
                self._grey = raster.means(self._words, rows, columns)
            self._pixels = raster.colored(self._grey, self._heat(rows, columns), self._table)
            if min(self._lens.scales) >= HAIRLINE:
                line = np.uint32(tokens().color("line").rgb())
                self._pixels[rows.edges] = line
                self._pixels[:, columns.edges] = line
        return self._pixels

    def _heat(self, rows: raster.Bins, columns: raster.Bins) -> NDArray[np.uint8] | None:
        """How amber each pixel is, 0..HEAT; the newest flip under a pixel wins."""
        now = self.clock()
        heat: NDArray[np.uint8] | None = None
        for generation in self._generations:
            left = 1.0 if generation.born is None else 1.0 - (now - generation.born) / FADE
            level = np.uint8(round(raster.HEAT * min(max(left, 0.0), 1.0)))
            if generation.shown is None:
                generation.shown = raster.any_set(generation.words, rows, columns)
            own = generation.shown.view(np.uint8) * level
            heat = own if heat is None else np.maximum(heat, own)
        return heat

    def _draw_pin(self, painter: QPainter, square: QRectF) -> None:
        least = 9.0
        grow_x, grow_y = max(0.0, least - square.width()) / 2, max(0.0, least - square.height()) / 2
        painter.setPen(QPen(tokens().color("float_"), 2))
        painter.drawRect(square.adjusted(-grow_x, -grow_y, grow_x, grow_y))

    def _recolor(self) -> None:
        self._table = raster.color_table(tokens())
        self._pixels = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def _measure(self) -> None:
        """Take over the size in device pixels, where it is another."""
        ratio = self.devicePixelRatioF()
        size = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        if (*size, ratio) != (self._lens.width, self._lens.height, self._lens.ratio):
            self._lens.width, self._lens.height, self._lens.ratio = *size, ratio
            self._lens.clamp()
            self._forget_picture()

    # ------------------------------------------------------------ mouse and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._words is None:
            event.ignore()
            return
        self.zoom_by(event.angleDelta().y() / 120, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grab, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grab is not None:
            moved = event.position() - self._grab
            if self._dragged or moved.manhattanLength() > 4:
                self._dragged = True
                self._lens.move_by(moved.x(), moved.y())
                self._grab = event.position()
                self._forget_picture()
        self.hovered.emit(*self._bit_under(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grab is not None and not self._dragged:
            self._choose(*self._bit_under(event.position()))
        self._grab = None

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.fit()

    def leaveEvent(self, _event: QEvent) -> None:
        self.hovered.emit(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        if self._words is None:
            event.ignore()
        elif key in moves:
            row, column = self._pin or (0, 0)
            down, right = moves[key] if self._pin is not None else (0, 0)
            row, column = max(row + down, 0), max(column + right, 0)
            self._choose(min(row, self._lens.outputs - 1), min(column, self._lens.inputs - 1))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            about = self.square(*self._pin).center() if self._pin else QPointF(self.rect().center())
            self.zoom_by(-1.0 if key == Qt.Key.Key_Minus else 1.0, about)
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            event.ignore()

    def _choose(self, row: int, column: int) -> None:
        if row < 0 or (row, column) == self._pin:
            return
        self.pin(row, column)
        self._bring_into_view(row, column)
        self.pinned.emit(row, column)

    def _bring_into_view(self, row: int, column: int) -> None:
        if not QRectF(self.rect()).contains(self.square(row, column).center()):
            self._lens.center_on(row, column)
            self._forget_picture()
