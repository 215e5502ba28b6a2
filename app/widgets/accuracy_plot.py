"""Test accuracy against seconds of training: steps below, seconds above, when a level was reached, and a ghost."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.figures import multiple, nice_ticks
from app.run_words import epochs
from app.theme import tokens
from app.time_to_accuracy import Course, Mark, lasting, seconds_to
from app.widgets.axes import Axis
from app.widgets.curve_cards import room_for
from app.widgets.plot import LEFT, TITLE_ROW, Plot

OURS, GHOST = "test", "plain torch"
ROW = 12
"""Pixels over the curves for the figures of the upper axis, and for a second line of marks."""
APART = 36
"""Pixels between two figures of an axis, about."""


class AccuracyPlot(Plot):
    """Both curves are over seconds. The figures below are steps, those of the run itself, up to where it is."""

    def __init__(self) -> None:
        super().__init__(
            "Test accuracy", Axis("time", "s", low=0.0, high=10.0), Axis("accuracy", "%", high=100.0),
            empty="The first score appears here after an epoch.",
        )  # fmt: skip
        self.set_margins(0, TITLE_ROW + ROW, 6, 0)
        self._courses: dict[str, Course] = {}
        self._mark: Mark | None = None
        self._playhead: float | None = None
        self.add_line(OURS, lambda t: t.xnor, symbol=True)
        self.add_line(GHOST, lambda t: t.muted, symbol=True, mark="d", dash=Qt.PenStyle.DashLine)
        self.view.sigResized.connect(self._place_steps)
        self._place_steps()

    def show_courses(self, ours: Course, ghost: Course | None) -> None:
        """Draw the run, and a ghost beside it where there is one."""
        self._courses = {OURS: ours} | ({GHOST: ghost} if ghost is not None else {})
        self._mark = Mark.of(ours.scores)
        self._named = self._mark is None  # else the marks name the curves
        self.set_margins(0, TITLE_ROW + ROW * max(1, len(self.marks)), 6, 0)
        with self.together():
            self.set_x_range(0.0, room_for(max(course.seconds for course in self._courses.values())))
            for name in (OURS, GHOST):
                x, y = _points(self._courses.get(name))
                if not (np.array_equal(x, self.series[name].x) and np.array_equal(y, self.series[name].high)):
                    self.set_line(name, x, y)
        self._place_steps()
        self.set_marker(self._playhead)
        self.redraw()

    @property
    def below(self) -> str:
        return "step"

    @property
    def marks(self) -> list[str]:
        """When the highest level was reached, and where the ghost was with it."""
        if self._mark is None:
            return []
        ghost = self._courses.get(GHOST)
        return [self._mark.words, *([_against(self._mark, ghost)] if ghost is not None else [])]

    def set_marker(self, x: float | None) -> None:
        """Draw a vertical line at step x (the playhead), or none."""
        self._playhead = x
        super().set_marker(None if x is None else self._second_of(x))

    def reading(self, x: float) -> list[tuple[str, str]]:
        """At the score nearest to second x: the seconds, and of each run its newest score by then, with its epoch."""
        scored = {name: course.scores for name, course in self._courses.items() if course.scores.steps.size}
        if not scored:
            return []
        times = np.concatenate([scores.times for scores in scored.values()])
        at, t = float(times[int(np.argmin(np.abs(times - x)))]), tokens()
        lines = [(f"after {lasting(at)}", t.muted)]
        for name, scores in scored.items():
            index = int(np.searchsorted(scores.times, at, "right")) - 1
            told = f"{100 * scores.accuracy[index]:.2f} %, {epochs(scores.epochs[index])}" if index >= 0 else "no score"
            lines.append((f"{name} {told}", self.series[name].paint(t)))
        return lines

    # ------------------------------------------------------------ painting

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """The upper axis, and when a level was reached, over what every plot writes."""
        super().drawForeground(painter, rect)
        area = self.area()
        self._draw_seconds(painter, area)
        if self._mark is not None:
            self._draw_mark(painter, area, self._mark)

    def _draw_seconds(self, painter: QPainter, area: QRectF) -> None:
        t, last = tokens(), self.x_axis.high or 1.0
        ticks = nice_ticks(0.0, last, max(1, int(area.width() / APART)))
        for tick in ticks[1:]:  # that of 0 would touch the figures of the other axis
            x = self.to_pixels(tick, 0.0).x()
            painter.setPen(t.color("line"))
            painter.drawLine(QPointF(x, area.top() - 3), QPointF(x, area.top()))
            painter.setPen(t.color("muted"))
            text = f"{tick:,g} s" if tick == ticks[-1] else f"{tick:,g}"
            width = painter.fontMetrics().horizontalAdvance(text)
            left = min(x - width / 2, area.right() + 4 - width)
            painter.drawText(QRectF(left, area.top() - 4 - ROW, width + 1, ROW), 0, text)

    def _draw_mark(self, painter: QPainter, area: QRectF, mark: Mark) -> None:
        """A line from the level at the left to the first score that reached it, and down from there."""
        at = self.to_pixels(mark.seconds, mark.level)
        painter.setPen(QPen(tokens().color("muted"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(area.left(), at.y()), at)
        painter.drawLine(at, QPointF(at.x(), area.bottom()))
        metrics = painter.fontMetrics()
        room = area.right() - metrics.horizontalAdvance(self.y_axis.title) - 10
        words = [mark.words if metrics.horizontalAdvance(mark.words) <= room else mark.short, *self.marks[1:]]
        for row, (text, name) in enumerate(zip(words, (OURS, GHOST), strict=False)):
            painter.setPen(QColor(self.series[name].paint(tokens())))
            painter.drawText(QRectF(0, ROW * row, area.right(), TITLE_ROW), Qt.AlignmentFlag.AlignRight, text)

    # ------------------------------------------------------------ steps

    def _second_of(self, step: float) -> float:
        ours = self._courses.get(OURS)
        return 0.0 if ours is None else float(ours.scores.over("second", np.array([step]), ours.now)[0])

    def _place_steps(self) -> None:
        """Write round steps under the seconds at which they were made."""
        ours = self._courses.get(OURS)
        made = 0.0 if ours is None else ours.now[0]
        share = 0.0 if ours is None else ours.seconds / (self.x_axis.high or 1.0)
        about = max(1, int(share * (self.width() - LEFT) / APART))
        steps = [step for step in nice_ticks(0.0, max(made, 1.0), about) if 0 < step == int(step) <= made] or [made]
        self.bottom.setTicks([[(self._second_of(step), f"{step:,.0f}") for step in steps]])


def _points(course: Course | None) -> tuple[np.ndarray, np.ndarray]:
    if course is None:
        return np.zeros(0), np.zeros(0)
    return course.scores.times, 100 * course.scores.accuracy


def _against(mark: Mark, ghost: Course) -> str:
    """When the ghost reached the same level: "plain torch after 41.0 s, 4.90×"."""
    seconds = seconds_to(ghost.scores, mark.level)
    if seconds is None:
        return f"{GHOST} not yet, {lasting(ghost.seconds)}"
    return f"{GHOST} after {lasting(seconds)}, {multiple(seconds / max(mark.seconds, 1e-9))}"
