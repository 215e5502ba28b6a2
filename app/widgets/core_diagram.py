"""A tensor train drawn: a box a core with its two modes, bonds between them as thick as their ranks."""

from __future__ import annotations

import math
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import mono, theme, tokens
from engine.tensortrain.modes import Factors, Modes, dotted

LEG, HEIGHT = 15, 34
WIDEST, NARROWEST = 92, 30


class CoreDiagram(QWidget):
    """Above each core its outputs m_k, below its inputs n_k, within its parameters; on each bond its rank."""

    def __init__(self, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self._modes: Modes | None = None
        self._bonds: Factors = ()
        self.setAccessibleName("The tensor train")
        self.setAccessibleDescription(empty)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, HEIGHT + 2 * LEG + 40)
        theme().changed.connect(self.update)

    def show_train(self, modes: Modes | None, bonds: Factors = ()) -> None:
        """Show a train of these modes with bonds r_0 … r_d; none where there is none."""
        self._modes, self._bonds = modes, bonds
        if modes is None:
            self.setAccessibleDescription(self._empty)
        else:
            ranks = dotted(bonds[1:-1]) or "none"
            self.setAccessibleDescription(
                f"{modes.cores} cores; outputs {dotted(modes.outputs)}, inputs {dotted(modes.inputs)}, ranks {ranks}."
            )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, 130)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._modes is None:
            painter.setPen(tokens().color("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), flags, self._empty)
            painter.end()
            return
        boxes = self._boxes(self._modes.cores)
        for rank, (left, right) in zip(self._bonds[1:-1], pairwise(boxes), strict=True):
            self._draw_bond(painter, rank, left, right)
        pairs = zip(self._modes.outputs, self._modes.inputs, pairwise(self._bonds), strict=True)
        for box, (m, n, (before, after)) in zip(boxes, pairs, strict=True):
            self._draw_core(painter, box, m, n, m * n * before * after)
        painter.end()

    def _boxes(self, cores: int) -> list[QRectF]:
        pitch = self.width() / cores
        wide = min(WIDEST, max(NARROWEST, pitch * 0.62))
        top = (self.height() - HEIGHT) / 2
        return [QRectF(pitch * (k + 0.5) - wide / 2, top, wide, HEIGHT) for k in range(cores)]

    def _draw_bond(self, painter: QPainter, rank: int, left: QRectF, right: QRectF) -> None:
        painter.setPen(QPen(tokens().color("float_"), 1.0 + math.log2(rank)))
        middle = left.center().y()
        painter.drawLine(QPointF(left.right(), middle), QPointF(right.left(), middle))
        painter.setPen(tokens().color("text"))
        painter.setFont(mono(8))
        above = QRectF(left.right() - 10, middle - 20, right.left() - left.right() + 20, 14)
        painter.drawText(above, Qt.AlignmentFlag.AlignCenter, str(rank))

    def _draw_core(self, painter: QPainter, box: QRectF, outputs: int, inputs: int, parameters: int) -> None:
        t, middle = tokens(), box.center().x()
        painter.setPen(QPen(t.color("muted"), 1))
        painter.drawLine(QPointF(middle, box.top() - LEG), QPointF(middle, box.top()))
        painter.drawLine(QPointF(middle, box.bottom()), QPointF(middle, box.bottom() + LEG))
        painter.setBrush(t.color("raised"))
        painter.drawRoundedRect(box, 6, 6)
        painter.setFont(mono(8.5))
        painter.setPen(t.color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{parameters:,}")
        painter.setPen(t.color("muted"))
        for text, top in ((f"{outputs}", box.top() - LEG - 15), (f"{inputs}", box.bottom() + LEG + 1)):
            painter.drawText(QRectF(box.left(), top, box.width(), 14), Qt.AlignmentFlag.AlignCenter, text)
