"""The roofline: every measured row as a dot, its speed over its work a byte, under the ceilings of this machine."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.bench_results import Case, title
from app.figures import digits
from app.theme import mono, theme, tokens
from app.widgets.axes import decade
from app.widgets.tiles import TipWidget
from engine.messages import BenchPeak, BenchRow

LEFT, TOP, RIGHT, BOTTOM = 46, 20, 10, 34
DOT, REACH = 4.0, 9.0
"""Radius of a dot, and how near the pointer must come to it, in pixels."""
NAME_PITCH = 14.0
"""Pixels from one slope to the next at least, if both are named."""
WORK, SPEED, SPEED_OF_GPU = (0.3, 3e3), (1.0, 1e4), (1e2, 1e6)
"""What is shown at least: MAC/byte and GMAC/s."""

Ceiling = tuple[str, float]


def limit(row: BenchRow, peak: BenchPeak) -> float:
    """What a row could reach at most, in GMAC/s: its cores' arithmetic, or what memory can bring."""
    popcount, float32 = peak.popcount_gmacs, peak.fp32_gmacs
    vector = {"xnor": popcount, "bits": popcount, "float": float32, "peer": float32}.get(row.kind)
    memory = dict(peak.read_gbs).get("memory", math.inf)
    return min((vector or math.inf) * cores(peak, row.threads), memory * (row.intensity or math.inf))


def cores(peak: BenchPeak, threads: int) -> int:
    """How many times a ceiling counts: a core's for each thread, a GPU's once."""
    return 1 if peak.device else threads


def in_words(row: BenchRow) -> str:
    """A dot as a sentence."""
    case, who = title(Case(row.case, row.threads, row.device)), row.backend
    return f"{case}, {who}: {digits(row.gmacs or 0.0)} GMAC/s at {digits(row.intensity or 0.0)} MAC/byte"


class Roofline(TipWidget):
    """Speed over arithmetic intensity, both on log axes. Arrow keys or the mouse choose a dot, which says itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[BenchRow] = []
        self._peak: BenchPeak | None = None
        self._case, self._threads = "", 1
        self._at: int | None = None
        self.setAccessibleName("Roofline: speed over work a byte")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 120)
        self.show_rows([], None, "", 1)
        theme().changed.connect(self.update)

    def show_rows(self, rows: Sequence[BenchRow], peak: BenchPeak | None, case: str, threads: int) -> None:
        """Show measured rows of so many threads under the ceilings; those of `case` stand out."""
        self.rows = sorted(
            (row for row in rows if row.gmacs and row.intensity), key=lambda row: (row.intensity or 0.0, row.backend)
        )
        self._peak, self._case, self._threads, self._at = peak, case, threads, None
        fastest = max(self.rows, key=lambda row: row.gmacs or 0.0, default=None)
        self.setAccessibleDescription(
            "Nothing is measured yet." if fastest is None else f"{len(self.rows)} dots; fastest {in_words(fastest)}."
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(520, 300)

    # ------------------------------------------------------------ geometry

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, max(1, self.width() - LEFT - RIGHT), max(1, self.height() - TOP - BOTTOM))

    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """log10 of the ends of both axes: what is shown at least, or further where there are dots or ceilings."""
        work = [w for w in (row.intensity for row in self.rows) if w]
        speed = [s for s in (row.gmacs for row in self.rows) if s] + [y for _, y in self.flats()]
        spans = []
        least = SPEED_OF_GPU if self._peak is not None and self._peak.device else SPEED
        for (low, high), values in ((WORK, work), (least, speed)):
            spans.append((math.log10(min([low, *(v / 2 for v in values)])),
                          math.log10(max([high, *(v * 2 for v in values)]))))  # fmt: skip
        return spans[0], spans[1]

    def point(self, work: float, speed: float) -> QPointF:
        """Where MAC/byte and GMAC/s lie."""
        (left, right), (low, high) = self.extent()
        area = self._area()
        x = area.left() + area.width() * (math.log10(work) - left) / (right - left)
        return QPointF(x, area.bottom() - area.height() * (math.log10(speed) - low) / (high - low))

    def flats(self) -> list[Ceiling]:
        """The ceilings of arithmetic: name and GMAC/s of all threads' cores, or of a GPU."""
        peak = self._peak
        if peak is None:
            return []
        known = (("popcount", peak.popcount_gmacs), ("float32", peak.fp32_gmacs))
        return [(name, value * cores(peak, self._threads)) for name, value in known if value]

    def slopes(self) -> list[Ceiling]:
        """The ceilings of memory: name and GB/s of one core, or of a GPU."""
        return [] if self._peak is None else list(self._peak.read_gbs)

    # ------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(mono(8))
        self._paint_axes(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self._area())
        self._paint_ceilings(painter)
        for index, row in enumerate(self.rows):
            self._paint_dot(painter, row, chosen=index == self._at)
        painter.setClipping(False)
        if not self.rows:
            painter.setPen(tokens().color("muted"))
            text = "Every measured row becomes a dot here,\nunder this machine's own ceilings"
            painter.drawText(self._area(), Qt.AlignmentFlag.AlignCenter, text)
        painter.end()

    def _paint_axes(self, painter: QPainter) -> None:
        t, area = tokens(), self._area()
        (left, right), (low, high) = self.extent()
        center, beside = Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for power in range(math.ceil(left), math.floor(right) + 1):
            x = self.point(10.0**power, 10.0**low).x()
            painter.setPen(QPen(t.color("line"), 1))
            painter.drawLine(int(x), int(area.top()), int(x), int(area.bottom()))
            painter.setPen(t.color("muted"))
            painter.drawText(QRectF(x - 30, area.bottom() + 2, 60, 14), center, decade(power))
        for power in range(math.ceil(low), math.floor(high) + 1):
            y = self.point(10.0**left, 10.0**power).y()
            painter.setPen(QPen(t.color("line"), 1))
            painter.drawLine(int(area.left()), int(y), int(area.right()), int(y))
            painter.setPen(t.color("muted"))
            painter.drawText(QRectF(0, y - 7, LEFT - 5, 14), beside, decade(power))
        painter.drawText(QRectF(0, 0, 200, TOP - 4), Qt.AlignmentFlag.AlignVCenter, "speed (GMAC/s)")
        name = QRectF(area.left(), area.bottom() + 17, area.width(), 16)
        painter.drawText(name, Qt.AlignmentFlag.AlignRight, "intensity (MAC/byte)")

    def _paint_ceilings(self, painter: QPainter) -> None:
        t, area = tokens(), self._area()
        (left, right), _ = self.extent()
        flats = self.flats()
        top = max((value for _, value in flats), default=math.inf)
        for name, value in flats:
            y = self.point(10.0**left, value).y()
            painter.setPen(QPen(t.color("text" if value == top else "muted"), 1.4))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            above = y - 15 >= area.top()
            words = QRectF(area.left(), y - 15 if above else y + 2, area.width() - 4, 14)
            painter.drawText(words, Qt.AlignmentFlag.AlignRight, f"{name} {digits(value)} GMAC/s{self._how()}")
        named = math.inf
        for name, rate in reversed(self.slopes()):
            strong = name == "memory"
            painter.setPen(QPen(t.color("text" if strong else "muted", 255 if strong else 150), 1.4 if strong else 1.0))
            end = min(10.0**right, top / rate)
            first, last = self.point(10.0**left, rate * 10.0**left), self.point(end, rate * end)
            painter.drawLine(first, last)
            if named - first.y() >= NAME_PITCH:
                self._name_slope(painter, f"{name} {digits(rate)} GB/s{self._how()}", first, last)
                named = first.y()

    def _how(self) -> str:
        """What is to be said of a ceiling that was not measured."""
        return ", computed" if self._peak is not None and self._peak.device else ""

    def _name_slope(self, painter: QPainter, words: str, first: QPointF, last: QPointF) -> None:
        """Along a line, from where it has entered the plot."""
        slope = math.atan2(last.y() - first.y(), last.x() - first.x())
        bottom = self._area().bottom()
        if first.y() > bottom:
            first = QPointF(first.x() + (bottom - first.y()) / math.tan(slope), bottom)
        painter.save()
        painter.translate(first)
        painter.rotate(math.degrees(slope))
        painter.drawText(QPointF(14, -3), words)
        painter.restore()

    def _paint_dot(self, painter: QPainter, row: BenchRow, *, chosen: bool) -> None:
        t = tokens()
        color, here = QColor(t.of_kind(row.kind)), row.case == self._case
        if not here:
            color.setAlpha(120)
        painter.setPen(QPen(t.color("text"), 1.4) if chosen else QPen(t.color("surface" if here else "line"), 1))
        painter.setBrush(color)
        radius = DOT + 1 if here else DOT - 0.5
        painter.drawEllipse(self.point(row.intensity or 1.0, row.gmacs or 1.0), radius, radius)

    # ------------------------------------------------------------ reading

    def row_at(self, where: QPointF) -> int | None:
        """Index of the dot at a place of the widget: the nearest within reach."""
        away = [
            (math.hypot(*(self.point(row.intensity or 1.0, row.gmacs or 1.0) - where).toTuple()), index)
            for index, row in enumerate(self.rows)
        ]
        distance, index = min(away, default=(math.inf, 0))
        return index if distance <= REACH else None

    def words(self, index: int) -> str:
        """What a dot says: itself, and how near it comes to what limits it."""
        row = self.rows[index]
        most = math.inf if self._peak is None else limit(row, self._peak)
        if self._peak is None or not row.gmacs or math.isinf(most):
            return in_words(row)
        allowed = "arithmetic or reading from memory allow"
        if self._peak.device:
            allowed = "its multiprocessors without tensor cores, or its memory, allow by computation"
        return f"{in_words(row)}, {digits(100 * row.gmacs / most)} % of what {allowed}"

    def tip(self, event: QHelpEvent) -> str:
        index = self.row_at(QPointF(event.pos()))
        return "" if index is None else self.words(index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self.row_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if move is None or not self.rows:
            super().keyPressEvent(event)
            return
        self._choose(min(max((-1 if self._at is None else self._at) + move, 0), len(self.rows) - 1))

    def _choose(self, index: int | None) -> None:
        self._at = index
        self.update()
        if index is not None:
            row, words = self.rows[index], self.words(index)
            self.setAccessibleDescription(words)
            place = self.point(row.intensity or 1.0, row.gmacs or 1.0).toPoint() + QPoint(8, 8)
            QToolTip.showText(self.mapToGlobal(place), words, self)
