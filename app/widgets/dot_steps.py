"""One dot product in squares: step through xnor, count and sum, and flip any bit."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.dot_product import Bits, DotProduct
from app.theme import DARK, mono, theme, tokens
from app.widgets.tiles import TipWidget

STEPS = ("two rows of bits", "xnor: where do they agree?", "popcount: how often?", "2 · matches − k: the dot product")
LEFT = 52
A_ROW = 16
"""Bits in one line, or twice as many."""
READABLE = 13


class DotSteps(TipWidget):
    """Every square one bit; a click, or Space on the chosen one, flips it. Left and right go from step to step."""

    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.product: DotProduct | None = None
        self.step = len(STEPS) - 1
        self._at = ("a", 0)
        self.setAccessibleName("One dot product, step by step")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(310, 190)
        theme().changed.connect(self.update)

    def show_product(self, product: DotProduct) -> None:
        """Show two vectors of at most 64 bits."""
        self.product = product
        self._tell()

    def go(self, step: int) -> None:
        """Show the calculation up to a step, by its index in STEPS."""
        self.step = min(max(step, 0), len(STEPS) - 1)
        self._tell()
        self.stepped.emit(self.step)

    def lines(self) -> list[str]:
        """The calculation in words, as far as it has come."""
        p = self.product
        if p is None:
            return []
        said = [] if self.step < 2 else [f"matches = popcount(xnor) = {p.matches}"]
        if self.step >= 3:
            said.append(f"2 · {p.matches} − {p.k} = {p.value:+d}".replace("+0", "0").replace("-", "−"))
        return said

    def sizeHint(self) -> QSize:
        return QSize(440, 260)

    # ------------------------------------------------------------ geometry

    def _columns(self) -> int:
        """Bits in one line: more where there are more and the squares stay large enough to read."""
        assert self.product is not None
        wide = 2 * A_ROW
        return wide if self.product.k >= wide and (self.width() - LEFT) / wide >= READABLE else A_ROW

    def _side(self) -> float:
        assert self.product is not None
        columns = self._columns()
        blocks = -(-self.product.k // columns)
        tall = (self.height() - 78) / (blocks * 3.7)
        return max(8.0, min(30.0, (self.width() - LEFT) / columns, tall))

    def cell(self, which: str, index: int) -> QRectF:
        """Where a bit lies; which: "a", "w" or "xnor"."""
        side = self._side()
        block, column = divmod(index, self._columns())
        line = {"a": 0.0, "w": 1.1, "xnor": 2.3}[which]
        return QRectF(LEFT + column * side, (block * 3.7 + line) * side, side - 2, side - 2)

    def bit_at(self, place: QPointF) -> tuple[str, int] | None:
        """The bit of a or w at a place."""
        if self.product is None:
            return None
        for which in ("a", "w"):
            for index in range(self.product.k):
                if self.cell(which, index).contains(place):
                    return which, index
        return None

    # ------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        p = self.product
        if p is None:
            return
        painter = QPainter(self)
        shown = {"a": p.a, "w": p.w} | ({"xnor": p.xnor} if self.step >= 1 else {})
        for which, bits in shown.items():
            self._paint_row(painter, which, bits)
        bottom = self.cell("xnor", p.k - 1).bottom() + 10
        painter.setFont(mono(11))
        painter.setPen(tokens().color("text"))
        for line in self.lines():
            painter.drawText(QPointF(LEFT, bottom + 14), line)
            bottom += 22
        if self.step == len(STEPS) - 1:
            painter.setFont(self.font())
            painter.setPen(tokens().color("muted"))
            painter.drawText(QPointF(LEFT, bottom + 14), f"as if {p.k} pairs of ±1 were multiplied and added")
        painter.end()

    def _paint_row(self, painter: QPainter, which: str, bits: Bits) -> None:
        t = tokens()
        side = self._side()
        for index, bit in enumerate(bits.tolist()):
            where = self.cell(which, index)
            if index % self._columns() == 0:
                painter.setFont(self.font())
                painter.setPen(t.color("muted"))
                painter.drawText(QRectF(0, where.top(), LEFT - 8, where.height()), Qt.AlignmentFlag.AlignVCenter, which)
                painter.setFont(mono(8.5))
            name = ("xnor" if bit else "raised") if which == "xnor" else "bit_on" if bit else "bit_off"
            painter.fillRect(where, t.color(name))
            painter.setPen(QPen(t.color("line"), 1))
            painter.drawRect(where)
            if side >= READABLE:
                dark = name in ("bit_off", "raised") and (t.dark or name == "bit_off")
                painter.setPen(QColor(DARK.muted) if dark else Qt.GlobalColor.black)
                painter.drawText(where, Qt.AlignmentFlag.AlignCenter, str(int(bit)))
            if self.hasFocus() and self._at == (which, index):
                painter.setPen(QPen(t.color("float_"), 2))
                painter.drawRect(where)

    # ------------------------------------------------------------ hands

    def flip(self, which: str, index: int) -> None:
        """Flip one bit of a or w."""
        if self.product is not None:
            self._at = (which, index)
            self.show_product(self.product.flipped(which, index))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.bit_at(event.position())
        if found is not None:
            self.flip(*found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left, right: steps. Up, down: the other row. Ctrl+left, right: the next bit. Space: flip it."""
        if self.product is None:
            super().keyPressEvent(event)
            return
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if move is not None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._at = (self._at[0], (self._at[1] + move) % self.product.k)
        elif move is not None:
            self.go(self.step + move)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._at = ("w" if self._at[0] == "a" else "a", self._at[1])
        elif event.key() == Qt.Key.Key_Space:
            self.flip(*self._at)
        else:
            super().keyPressEvent(event)
        self._tell()

    def _tell(self) -> None:
        if self.product is not None:
            which, index = self._at
            self._at = (which, min(index, self.product.k - 1))
            bit = int(getattr(self.product, which)[self._at[1]])
            said = ". ".join([STEPS[self.step], *self.lines()])
            self.setAccessibleDescription(f"{said}. Bit {self._at[1]} of {which} is {bit}; Space flips it.")
        self.update()

    def tip(self, event: QHelpEvent) -> str:
        found = self.bit_at(QPointF(event.pos()))
        if found is None or self.product is None:
            return ""
        which, index = found
        sign = "+1" if getattr(self.product, which)[index] else "−1"
        return f"{which}[{index}] = {sign}: click to flip it and see the sum change by 2"
