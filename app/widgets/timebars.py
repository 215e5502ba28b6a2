"""Times as bars on a log axis: median, quartiles, ratios; who could not run stays listed and says why."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.figures import duration, multiple, share_of
from app.theme import mono, theme, tokens
from app.widgets.tiles import TipWidget
from engine.messages import BenchRow

NAME, TOP, BOTTOM, ROW = 108, 22, 20, 46
COLUMNS = (("time", 66), ("vs torch", 64), ("vs best float", 92), ("of peak", 66), ("exact", 40))
FIGURES = sum(width for _, width in COLUMNS)
SHORTEST = 130
"""Pixels that the longest bar has at least, while a column can make room."""
NONE = "–"


def figures(row: BenchRow) -> tuple[str, ...]:
    """What the columns say of a measured row."""
    exact = {True: "✓", False: "✗ no", None: NONE}[row.exact]
    return (
        NONE if row.median_ms is None else duration(row.median_ms / 1e3),
        NONE if row.times_torch is None else multiple(row.times_torch),
        NONE if row.times_best_float is None else multiple(row.times_best_float),
        NONE if row.fraction_of_peak is None else share_of(row.fraction_of_peak),
        exact,
    )


def in_words(row: BenchRow) -> str:
    """A row as a sentence, for the tip and for those who do not see it."""
    if row.median_ms is None:
        return f"{row.backend} is unavailable. {row.reason} {row.remedy}".strip()
    low, high = (duration((ms or 0.0) / 1e3) for ms in (row.low_ms, row.high_ms))
    time, torch, best, peak, exact = figures(row)
    speed = "" if row.gmacs is None else f", {row.gmacs:,.1f} GMAC/s"
    return (
        f"{row.backend}: median {time}, quartiles {low} to {high}{speed}; {torch} the speed of torch float32, "
        f"{best} that of the best float, {peak} of the peak; exact: {exact}"
    )


class TimeBars(TipWidget):
    """The rows of one case. Arrow keys or the mouse choose a row, which then says itself in full."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[BenchRow] = []
        self._at: int | None = None
        self.setAccessibleName("Times of one case")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(NAME + FIGURES + 40)
        self.show_rows([])
        theme().changed.connect(self.update)

    def show_rows(self, rows: list[BenchRow]) -> None:
        """Show the rows of a case in this order; none for empty axes."""
        self.rows, self._at = rows, None
        self.setMinimumHeight(TOP + BOTTOM + 24 * max(5, len(rows)))
        measured = [row for row in rows if row.median_ms is not None]
        fastest = min(measured, key=lambda row: row.median_ms or 0.0, default=None)
        self.setAccessibleDescription(
            "Nothing is measured yet." if fastest is None else f"{len(rows)} rows; the fastest is {in_words(fastest)}."
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(620, TOP + BOTTOM + ROW * 6)

    # ------------------------------------------------------------ geometry

    def _height(self) -> float:
        return min(float(ROW), (self.height() - TOP - BOTTOM) / max(1, len(self.rows)))

    def _bars(self) -> QRectF:
        tall = self._height() * len(self.rows) if self._measured() else self.height() - TOP - BOTTOM
        return QRectF(NAME, TOP, self.width() - NAME - self._figures_width(), tall)

    def _measured(self) -> bool:
        """Whether there is a bar; the axes of none fill the room."""
        return any(row.median_ms is not None for row in self.rows)

    def _columns(self) -> tuple[bool, ...]:
        """Which columns are written: where the bars would be stumps, the share of the peak is in the tip only."""
        narrow = self.width() - NAME - FIGURES < SHORTEST
        return tuple(not (narrow and head == "of peak") for head, _ in COLUMNS)

    def _figures_width(self) -> int:
        return sum(width for (_, width), shown in zip(COLUMNS, self._columns(), strict=True) if shown)

    def extent(self) -> tuple[float, float]:
        """log10 of the axis's ends in milliseconds: a little more than the data, at least one decade."""
        times = [t for row in self.rows for t in (row.low_ms, row.median_ms, row.high_ms) if t]
        if not times:
            return -2.0, 2.0
        low, high = math.log10(min(times)) - 0.25, math.log10(max(times)) + 0.1
        return low, max(high, low + 1.0)

    def _x(self, ms: float) -> float:
        low, high = self.extent()
        bars = self._bars()
        return bars.left() + bars.width() * (math.log10(ms) - low) / (high - low)

    # ------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = tokens()
        painter = QPainter(self)
        painter.setFont(mono(8))
        self._paint_axis(painter)
        if not self._measured():
            painter.setPen(t.color("muted"))
            text = "Press Run: a bar for every backend and float peer\nwill appear here, checked before it is timed"
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, text)
        for index, row in enumerate(self.rows):
            where = QRectF(0, TOP + index * self._height(), self.width(), self._height())
            if index == self._at:
                painter.fillRect(where, t.color("raised"))
            painter.setFont(self.font())
            painter.setPen(t.color("text" if row.median_ms is not None else "muted"))
            name = painter.fontMetrics().elidedText(row.backend, Qt.TextElideMode.ElideRight, NAME - 10)
            painter.drawText(where.adjusted(2, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)
            if row.median_ms is None:
                self._paint_absent(painter, row, where)
            else:
                self._paint_bar(painter, row, row.median_ms, where)
        painter.end()

    def _paint_axis(self, painter: QPainter) -> None:
        t = tokens()
        bars = self._bars()
        low, high = self.extent()
        previous = 0.0
        for power in range(math.ceil(low), math.floor(high) + 1):
            x = self._x(10.0**power)
            painter.setPen(QPen(t.color("line"), 1))
            painter.drawLine(int(x), int(bars.top()), int(x), int(bars.bottom()))
            if x - previous >= 44:
                painter.setPen(t.color("muted"))
                text = _axis_text(power)
                painter.drawText(QRectF(x - 40, bars.bottom() + 2, 80, 16), Qt.AlignmentFlag.AlignHCenter, text)
                previous = x
        x = self.width() - self._figures_width()
        painter.setPen(t.color("muted"))
        painter.drawText(QRectF(NAME, 0, 120, TOP), Qt.AlignmentFlag.AlignVCenter, "log axis")
        for (head, width), shown in zip(COLUMNS, self._columns(), strict=True):
            if not shown:
                continue
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(x, 0, width - 4, TOP), right, head)
            x += width

    def _paint_bar(self, painter: QPainter, row: BenchRow, median: float, where: QRectF) -> None:
        t = tokens()
        left, middle, thick = self._bars().left(), where.center().y(), min(18.0, where.height() * 0.45)
        end = self._x(median)
        painter.fillRect(QRectF(left, middle - thick / 2, end - left, thick), QColor(t.of_kind(row.kind)))
        if row.low_ms and row.high_ms:
            painter.setPen(QPen(t.color("text"), 1))
            first, last = int(self._x(row.low_ms)), int(self._x(row.high_ms))
            painter.drawLine(first, int(middle), last, int(middle))
            for x in (first, last):
                painter.drawLine(x, int(middle) - 4, x, int(middle) + 4)
        painter.setFont(mono(8.5))
        x = self.width() - self._figures_width()
        for text, (head, width), shown in zip(figures(row), COLUMNS, self._columns(), strict=True):
            if not shown:
                continue
            good = head == "exact" and row.exact
            painter.setPen(t.color("xnor" if good else "text" if head == "time" else "muted"))
            cell = QRectF(x, where.top(), width - 4, where.height())
            painter.drawText(cell, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            x += width

    def _paint_absent(self, painter: QPainter, row: BenchRow, where: QRectF) -> None:
        tail = "  what to do ›"
        metrics = painter.fontMetrics()
        room = int(where.width() - NAME - 8 - metrics.horizontalAdvance(tail))
        text = metrics.elidedText(f"unavailable: {row.reason.rstrip('.')}", Qt.TextElideMode.ElideRight, room)
        painter.drawText(where.adjusted(NAME, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
        if row.remedy:
            painter.setPen(tokens().color("float_"))
            shift = NAME + metrics.horizontalAdvance(text)
            painter.drawText(where.adjusted(shift, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, tail)

    # ------------------------------------------------------------ reading

    def row_at(self, y: float) -> int | None:
        """Index of the row at a height of the widget."""
        index = int((y - TOP) // self._height())
        return index if 0 <= index < len(self.rows) else None

    def tip(self, event: QHelpEvent) -> str:
        index = self.row_at(event.y())
        return "" if index is None else in_words(self.rows[index])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self.row_at(event.position().y()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if move is None or not self.rows:
            super().keyPressEvent(event)
            return
        self._choose(min(max((-1 if self._at is None else self._at) + move, 0), len(self.rows) - 1))

    def _choose(self, index: int | None) -> None:
        self._at = index
        self.update()
        if index is not None:
            words = in_words(self.rows[index])
            self.setAccessibleDescription(words)
            place = QPoint(NAME, int(TOP + (index + 1) * self._height()))
            QToolTip.showText(self.mapToGlobal(place), words, self)


def _axis_text(power: int) -> str:
    unit, shift = ("s", 3) if power >= 3 else ("ms", 0) if power >= 0 else ("µs", -3) if power >= -3 else ("ns", -6)
    return f"{10 ** (power - shift)} {unit}"
