"""The tour: a few steps over the live window, each beside the widget that it speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QTimer

from app import lessons
from app.tour_steps import STEPS, THREE
from app.widgets.ink import Dot
from app.widgets.popover import Popover, Ring

if TYPE_CHECKING:
    from app.window import Window

FOLLOW_MS = 250
"""Between two looks at what is measured and where the target is."""
AROUND = 3
"""Pixels from a target to its ring."""


class Tour(QObject):
    """Walks the steps. A step whose page is not in front, because a person went elsewhere, waits in the corner."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.index = 0
        self.ring, self.popover = Ring(window), Popover(window)
        self.popover.on_asked.connect(lambda: self.go(self.index + 1))
        self.popover.back_asked.connect(lambda: self.go(self.index - 1))
        self.popover.out_asked.connect(self.end)
        self.popover.act_asked.connect(self._train)
        self._timer = QTimer(self, interval=FOLLOW_MS)
        self._timer.timeout.connect(self.follow)
        window.installEventFilter(self)

    @property
    def under_way(self) -> bool:
        return self._timer.isActive()

    def begin(self) -> None:
        """Start with the first step; where nothing is drawn, a digit is, so that there is something to see."""
        canvas = self._window.draw.canvas
        if canvas.drawing.empty:
            canvas.add_stroke([Dot(x, y, canvas.pen_width) for x, y in THREE])
        self._timer.start()
        self.go(0)

    def go(self, index: int) -> None:
        """Show a step; past the last one the tour is over."""
        if index >= len(STEPS):
            self.end()
            return
        self.index = max(0, index)
        step = STEPS[self.index]
        title = step.title or lessons.titles()[step.lesson]
        link = f"[Read the lesson]({step.lesson}.md)" if step.lesson else f"[All lessons]({lessons.INDEX}.md)"
        self._window.show_page(step.page)
        if step.page == "learn":
            self._window.learn.show_runs(False)
            self._window.learn.show_setup("")
        self.popover.say(title, step.words, link, (self.index + 1, len(STEPS)))
        self.follow()
        for part in (self.ring, self.popover):
            part.raise_()
        self.popover.show()
        self.popover.setFocus()

    def end(self) -> None:
        """Take it off the window."""
        self._timer.stop()
        self.ring.hide()
        self.popover.hide()
        self._window.page(self._window.session.visible_page).setFocus()

    def follow(self) -> None:
        """Say what is measured now, and stay beside the target."""
        step, window = STEPS[self.index], self._window
        target = step.target(window)
        where = None
        if target is not None and target.isVisible():
            where = QRect(target.mapTo(window, QPoint(0, 0)), target.size())
            where.adjust(-AROUND, -AROUND, AROUND, AROUND)
            self.ring.setGeometry(where)
        self.ring.setVisible(where is not None)
        run = window.session.run
        idle = step.trains and not (run.name or run.moving)
        self.popover.tell(step.fact(window), "▶ Train one now" if idle else "")
        self.popover.point_at(where)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay beside the target when the window is resized."""
        if event.type() == QEvent.Type.Resize and self.under_way:
            QTimer.singleShot(0, self, self.follow)  # once the pages are laid out anew
        return super().eventFilter(watched, event)

    def _train(self) -> None:
        self._window.session.start_wanted()
        self.follow()
