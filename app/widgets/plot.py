"""A themed plot: named axes with units, thin curves, exact figures under the pointer, data as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.theme import mono, theme, tokens
from app.widgets.axes import Axis as Axis
from app.widgets.axes import Floats, decade, figure, suits, to_view, view_range, whole_ticks
from app.widgets.not_saved import tell_not_saved
from app.widgets.plot_area import PlotArea
from app.widgets.plot_text import TITLE_ROW as TITLE_ROW
from app.widgets.plot_text import axis_names, legend, reading
from app.widgets.series import Paint as Paint
from app.widgets.series import Series

LEFT = 40
"""Pixels for the figures of the y axis, the same on every plot, so that plots under each other line up."""

MAX_POINTS = 2000
"""Curves are drawn with at most this many points; who has more hands over minima and maxima (`set_band`)."""


NO_STEPS = np.array([0.0, 10.0])
"""What an x axis spans before there are data, so that its figures are whole and short."""


class Plot(PlotArea):
    """Curves over two axes.

    The wheel and the mouse never move the view, so that nothing is zoomed by accident. Under the pointer (or with the
    arrow keys) the exact figures are written; the context menu copies the data and saves a picture.

    Args:
        name: what it shows, its accessible name.
        legend: whether the curves are named in a corner while nothing is read.
        empty: what is written while there are no data, e.g. "Press Run: the loss of every step appears here."
    """

    clicked = Signal(float)
    """The x that was clicked, in data units."""

    def __init__(
        self,
        name: str,
        x: Axis,
        y: Axis,
        *,
        empty: str = "",
        legend: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.x_axis, self.y_axis, self._empty, self._named = x, y, empty, legend
        self.series: dict[str, Series] = {}
        self._cursor: float | None = None
        self._marker: float | None = None
        self._held = False
        self._shown: dict[str, tuple[float, float]] = {}
        self._still_of: tuple[object, ...] = ()
        """What the picture of axes and legend was made of."""
        self.setAccessibleName(name)
        self.setAccessibleDescription(empty)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 60)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.set_margins(0, TITLE_ROW, 6, 0)
        self.bottom.setLogMode(x.log)
        self.left.setLogMode(y.log)
        self.left.setWidth(LEFT)
        theme().changed.connect(self._recolor)
        self._recolor()
        self._fit()

    # ------------------------------------------------------------ data

    def add_line(
        self,
        name: str,
        paint: Paint,
        *,
        symbol: bool = False,
        mark: str = "o",
        dash: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        """Declare a curve once; `paint` picks its colour from the tokens. symbol: mark each point, with `mark`."""
        item = pg.PlotDataItem() if symbol else pg.PlotCurveItem()
        self.series[name] = Series(paint, item, mark if symbol else "", dash)
        if symbol:
            self.view.addItem(item)  # the others are painted under what stands still
        self.series[name].recolor()

    def set_line(self, name: str, x: ArrayLike, y: ArrayLike) -> None:
        """Show y over x, both [n] with n <= MAX_POINTS, x ascending. On a log axis zeros lie on its floor."""
        values = np.asarray(y, np.float64)
        self._set(name, np.asarray(x, np.float64), values, values)

    def set_band(self, name: str, x: ArrayLike, low: ArrayLike, high: ArrayLike) -> None:
        """Show minima and maxima [n] over x [n], n <= MAX_POINTS / 2, as one curve through both."""
        self._set(name, np.asarray(x, np.float64), np.asarray(low, np.float64), np.asarray(high, np.float64))

    def rename_line(self, old: str, new: str) -> None:
        """Call a curve otherwise; it keeps its colour, its data and its place."""
        self.series = {new if name == old else name: s for name, s in self.series.items()}
        self.redraw()

    def clear_lines(self) -> None:
        """Take the data off every curve; axes and curves stay."""
        nothing = np.empty(0)
        for name in self.series:
            self._set(name, nothing, nothing, nothing)

    def set_x_range(self, low: float, high: float) -> None:
        """Fix the x axis to a new range."""
        self.x_axis = replace(self.x_axis, low=low, high=high)
        self._fit()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Changes made within are drawn once, at its end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self._fit()

    def set_marker(self, x: float | None) -> None:
        """Draw a vertical line at x (the playhead), or none."""
        if x != self._marker:
            for at in (self._marker, x):
                if at is not None and (at > 0 or not self.x_axis.log):
                    self.viewport().update(QRect(round(self._position_of(at)) - 2, 0, 5, self.height()))
            self._marker = x

    def set_summary(self, sentence: str) -> None:
        """Say in one sentence what is seen, for those who do not see it."""
        if sentence != self.accessibleDescription():
            self.setAccessibleDescription(sentence)

    @property
    def below(self) -> str:
        """What the figures under the plot are of."""
        return self.x_axis.title

    @property
    def has_data(self) -> bool:
        return any(s.x.size for s in self.series.values())

    def csv(self) -> str:
        """Everything shown, one row a point: series, x, y (or the low and high y of a band)."""
        band = any(s.is_band for s in self.series.values())
        x, y = self.x_axis.title, self.y_axis.title
        rows = [f"series,{x},{y} low,{y} high" if band else f"series,{x},{y}"]
        for name, s in self.series.items():
            for px, low, high in zip(s.x.tolist(), s.low.tolist(), s.high.tolist(), strict=True):
                rows.append(f"{name},{px:.10g},{low:.8g},{high:.8g}" if band else f"{name},{px:.10g},{high:.8g}")
        return "\n".join(rows) + "\n"

    def _set(self, name: str, x: Floats, low: Floats, high: Floats) -> None:
        s = self.series[name]
        s.x, s.low, s.high, s.handed = x, low, high, None
        self._fit()

    # ------------------------------------------------------------ geometry

    def _fit(self) -> None:
        """Range both axes, then hand over what is new in view coordinates."""
        if self._held:
            return
        filled = [s for s in self.series.values() if s.x.size]
        x = self._ranged("x", self.x_axis, [s.x for s in filled] or [NO_STEPS])
        y = self._ranged("y", self.y_axis, [v for s in filled for v in ((s.low, s.high) if s.is_band else (s.high,))])
        floors = (_floor(self.x_axis, x), _floor(self.y_axis, y))
        stale = [s for s in self.series.values() if s.handed != floors]
        for s in stale:
            self._hand_over(s, *floors)
            s.handed = floors
        still = (dict(self._shown), self.below, self.y_axis, [name for name, s in self.series.items() if s.x.size])
        if still != self._still_of or any(s.symbol for s in stale):
            self._still_of = still
            self.redraw()
        else:
            self.viewport().update()

    def _ranged(self, name: str, axis: Axis, values: list[Floats]) -> tuple[float, float]:
        """Set one axis to its range. A range that still suits the data stays, so that curves move and not the axis."""
        wanted, shown = view_range(axis, values), self._shown.get(name)
        if shown is not None and suits(axis, shown, wanted):
            return shown
        self._shown[name] = wanted
        side = self.bottom if name == "x" else self.left
        if axis.whole:
            side.setTicks([whole_ticks(*wanted)])
        if axis.log:
            zero = [] if axis.zero is None else [(math.log10(axis.zero), "0")]
            first = math.floor(zero[0][0]) + 1 if zero else math.ceil(wanted[0])
            side.setTicks([[*zero, *((k, decade(k)) for k in range(first, math.floor(wanted[1]) + 1))]])
        self.view.setRange(**{f"{name}Range": wanted}, padding=0.0, disableAutoRange=True)
        return wanted

    def _hand_over(self, s: Series, x_floor: float, y_floor: float) -> None:
        x, y = to_view(self.x_axis, s.x, x_floor), to_view(self.y_axis, s.high, y_floor)
        if s.is_band:
            x, y = np.repeat(x, 2), np.stack([to_view(self.y_axis, s.low, y_floor), y], axis=1).ravel()
        s.item.setData(x, y, connect="finite")

    def _x_at(self, position: QPointF) -> float:
        x = self.from_pixels(position).x()
        return float(10**x) if self.x_axis.log else x

    def _position_of(self, x: float) -> float:
        return self.to_pixels(math.log10(x) if self.x_axis.log else x, 0.0).x()

    # ------------------------------------------------------------ reading

    def reading(self, x: float) -> list[tuple[str, str]]:
        """The exact figures nearest to x: (text, colour) lines, the x first; [] without data."""
        filled = [(n, s) for n, s in self.series.items() if s.x.size]
        if not filled:
            return []
        first = filled[0][1].x
        at = first[int(np.argmin(np.abs(first - x)))]
        t = tokens()
        lines = [(f"{self.x_axis.name} {at:,.6g}", t.muted)]
        for name, s in filled:
            index = int(np.argmin(np.abs(s.x - x)))
            low, high = figure(float(s.low[index])), figure(float(s.high[index]))
            value = high if low == high else f"{low} to {high}"
            unit = f" {self.y_axis.unit}" if self.y_axis.unit else ""
            lines.append((f"{name} {value}{unit}", s.paint(t)))
        return lines

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._cursor = self._x_at(event.position())
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self._x_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self.viewport().update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right walk the reading from point to point; Escape puts it away."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        xs = next((s.x for s in self.series.values() if s.x.size), None)
        if step is not None and xs is not None:
            here = xs.size - 1 if self._cursor is None else int(np.argmin(np.abs(xs - self._cursor))) + step
            self._cursor = float(xs[min(max(here, 0), xs.size - 1)])
        elif event.key() == Qt.Key.Key_Escape and self._cursor is not None:
            self._cursor = None
        else:
            event.ignore()
            return
        self.viewport().update()

    # ------------------------------------------------------------ painting

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Axis names and legend: painted over the curves, without items of their own."""
        super().drawForeground(painter, rect)
        area, t = self.area(), tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(self._small_font())
        axis_names(painter, area, self.height(), self.below, self.y_axis.title)
        if not self.has_data:
            inner = area.adjusted(6, 2, -6, -2)
            painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
            return
        named = [(name, s.paint(t)) for name, s in self.series.items() if s.x.size]
        legend(painter, area.right(), self.y_axis.title, named if self._named else [])

    def paint_over(self, painter: QPainter) -> None:
        """Playhead, and what is read under the pointer."""
        if not self.has_data:
            return
        area, t = self.area(), tokens()
        for x, name in ((self._marker, "text"), (self._cursor, "muted")):
            if x is not None and (x > 0 or not self.x_axis.log):
                at = self._position_of(x)
                painter.setPen(QPen(t.color(name), 1, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()))
        if self._cursor is not None:
            painter.setFont(self._small_font())
            reading(painter, area, self.reading(self._cursor))

    def paint_under(self, painter: QPainter) -> None:
        """Lines, which move all the time."""
        lines = [s.item for s in self.series.values() if s.x.size and not s.symbol and s.item.isVisible()]
        painter.save()
        painter.setClipRect(self.area())
        painter.setTransform(self.view.childGroup.sceneTransform())
        for line in sorted(lines, key=lambda item: item.zValue()):
            painter.setPen(line.opts["pen"])
            painter.drawPath(line.getPath())
        painter.restore()

    @staticmethod
    def _small_font() -> pg.QtGui.QFont:
        return mono(8.0)

    def _recolor(self) -> None:
        t = tokens()
        self.ground = t.color("surface")
        for axis in (self.bottom, self.left):
            axis.setPen(pg.mkPen(t.line))
            axis.setTextPen(pg.mkPen(t.muted))
            axis.setTickFont(self._small_font())
        for s in self.series.values():
            s.recolor()
        self.redraw()

    # ------------------------------------------------------------ export

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.make_menu().exec(event.globalPos())

    def make_menu(self) -> QMenu:
        """What can be taken away from here."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy data as CSV", lambda: QGuiApplication.clipboard().setText(self.csv()))
        menu.addAction("Save picture…", self._save_picture)
        return menu

    def _save_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save picture", f"{self.accessibleName()}.png", "PNG (*.png)")
        if path and not self.grab().save(path, "PNG"):
            tell_not_saved(self, path)


def _floor(axis: Axis, shown: tuple[float, float]) -> float:
    """Where what is not above 0 lies on a log axis, in view coordinates."""
    if not axis.log:
        return 0.0
    return shown[0] if axis.zero is None else math.log10(axis.zero)
