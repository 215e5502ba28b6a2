"""Bits as squares: as many columns as make them largest; mouse or arrow keys tell what each one is."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.theme import theme, tokens
from app.widgets.squares import Pixels, squares

Bits = NDArray[np.bool_]


class TipWidget(QWidget):
    """A widget whose tip depends on where the mouse is: override `tip`."""

    def tip(self, event: QHelpEvent) -> str:
        """What is under the mouse, or "" for nothing."""
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.tip(event)
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)


@lru_cache(64)
def best_columns(count: int, width: int, height: int) -> tuple[int, int]:
    """(columns, side) of the largest whole-pixel squares, `count` of them, that fit; columns a multiple of 8 or all.

    The side is at least 1, so that too small a room clips instead of vanishing.
    """
    best = (min(count, 8), 1)
    for columns in [*range(8, count, 8), count]:
        rows = -(-count // columns)
        side = min(width // columns, height // rows)
        if side > best[1] or (side == best[1] and abs(rows - columns) < abs(-(-count // best[0]) - best[0])):
            best = (columns, side)
    return best


class BitTiles(TipWidget):
    """Every square one bit: white +1, black -1. `describe(i)` puts bit i in words."""

    def __init__(self, name: str, describe: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._count = 0
        self._bits: Bits | None = None
        self._at: int | None = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(128, 40)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme().changed.connect(self.update)

    def set_count(self, count: int) -> None:
        """How many squares there are while no bits are shown."""
        self._count, self._bits, self._at = count, None, None
        self.update()

    def show_bits(self, bits: Bits | None) -> None:
        """Show bits [n], True for +1; None for an empty grid."""
        self._bits = bits
        if bits is not None:
            self._count = int(bits.size)
        self._tell()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(256, 96)

    def height_within(self, width: int, height: int) -> int:
        """The height that the squares take of this room."""
        columns, side = best_columns(max(1, self._count), width, height)
        return -(-self._count // columns) * side + 1

    def layout_of(self) -> tuple[QRect, int, int]:
        """Where the squares lie, how many a row, and the side of one."""
        columns, side = best_columns(max(1, self._count), self.width(), self.height())
        rows = -(-max(1, self._count) // columns)
        width, height = columns * side, rows * side
        return QRect((self.width() - width) // 2, 0, width, height), columns, side

    def index_at(self, x: int, y: int) -> int | None:
        """The bit at a place of the widget."""
        where, columns, side = self.layout_of()
        if not where.contains(x, y):
            return None
        index = (y - where.top()) // side * columns + (x - where.left()) // side
        return index if index < self._count else None

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = tokens()
        where, columns, side = self.layout_of()
        painter = QPainter(self)
        painter.fillRect(self.rect(), t.color("surface"))
        if self._count:
            line = t.color("surface" if t.dark else "line") if side >= 3 else None
            painter.drawImage(where.topLeft(), squares(self._pixels(columns), side, line))
        if self._at is not None and self.hasFocus():
            row, column = divmod(self._at, columns)
            painter.setPen(QPen(t.color("float_"), 2))
            painter.drawRect(where.left() + column * side, where.top() + row * side, side, side)
        painter.end()

    def _pixels(self, columns: int) -> Pixels:
        t = tokens()
        rows = -(-self._count // columns)
        levels = np.zeros(rows * columns, np.uint8)
        if self._bits is not None:
            levels[: self._count] = 1 + self._bits
        else:
            levels[: self._count] = 3
        colors = [t.color(name).rgb() for name in ("surface", "bit_off", "bit_on", "raised")]
        return np.array(colors, np.uint32)[levels].reshape(rows, columns)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        _, columns, _ = self.layout_of()
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        move = moves.get(Qt.Key(event.key()))
        if move is None or not self._count:
            super().keyPressEvent(event)
            return
        at = 0 if self._at is None else self._at + move
        self._choose(at if 0 <= at < self._count else self._at)
        if self._bits is not None and self._at is not None:
            where, columns, side = self.layout_of()
            row, column = divmod(self._at, columns)
            place = where.topLeft() + QRect(column * side, row * side, side, side).bottomRight()
            QToolTip.showText(self.mapToGlobal(place), self._describe(self._at), self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self.index_at(int(event.position().x()), int(event.position().y())))

    def _choose(self, index: int | None) -> None:
        self._at = index
        self._tell()
        self.update()

    def _tell(self) -> None:
        if self._bits is None:
            self.setAccessibleDescription(f"{self._count} bits, not known yet.")
        elif self._at is not None and self._at < self._count:
            self.setAccessibleDescription(self._describe(self._at))
        else:
            self.setAccessibleDescription(f"{self._count} bits, {int(self._bits.sum())} of them +1.")

    def tip(self, event: QHelpEvent) -> str:
        index = self.index_at(event.x(), event.y())
        return "" if index is None or self._bits is None else self._describe(index)
