"""The scrubber: a slider over the recorded moments, what is shown against what is live, and the way back to live."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QStyle, QStyleOptionSlider, QWidget

from app.theme import GRID
from app.why import explain
from app.widgets.card import set_role
from app.widgets.live_label import LiveLabel


class Timeline(QSlider):
    """A horizontal slider that goes where it is pressed, and is dragged on from there."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            option = QStyleOptionSlider()
            self.initStyleOption(option)
            part = QStyle.SubControl.SC_SliderHandle
            handle = self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self).width()
            at, room = round(event.position().x() - handle / 2), self.width() - handle
            self.setSliderPosition(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), at, room))
        super().mousePressEvent(event)


class Scrubber(QWidget):
    """`scrubbed` gives the index of a recorded moment a person went to; `live_asked` asks for the newest.

    Arrow keys go moment by moment, Page Up and Page Down by a twentieth, Home and End to the ends; End is live again.
    """

    scrubbed = Signal(int)
    live_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Timeline of the run")
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(GRID + 4)
        self.text = LiveLabel("muted", figures=True)
        self.text.setMinimumWidth(190)
        self.slider = Timeline(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Recorded moments")
        self.slider.setToolTip("Go back to a recorded moment; training goes on meanwhile")
        self.slider.valueChanged.connect(self._moved)
        self.end = LiveLabel("muted", figures=True)
        self._has_moments = False
        self.live = QPushButton("Live")
        self.live.setCheckable(True)
        self.live.setFixedHeight(self.live.sizeHint().height() + 2)  # flat or not, the row keeps its height
        self.live.setAccessibleName("Live: show the newest moment and follow")
        self.live.setToolTip("Show the newest moment and follow (End)")
        self.live.clicked.connect(self._ask_live)
        for part in (self.text, self.slider, self.end, self.live):
            row.addWidget(part, 1 if part is self.slider else 0)
        self.show_moments(0, 0, None, "", "")
        explain(
            self,
            "The run's past: drag to see bits, filters and distributions as they were, while training goes on. Live "
            "shows the newest moment again and follows.",
            "Moments recorded as it learned; older ones are thinned so that the whole run stays in reach.",
            "flip",
        )

    def show_moments(self, count: int, index: int, step: int | None, epoch: str, newest: str) -> None:
        """Show where the playhead is without announcing it.

        Args:
            count: recorded moments. index: the one under the playhead.
            step: the step under the playhead, or None when live. epoch: e.g. "2.6".
            newest: the newest step as text, e.g. "3,400"; "" without any.
        """
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, count - 1))
        self.slider.setPageStep(max(1, count // 20))
        self.slider.setValue(count - 1 if step is None else index)
        self.slider.blockSignals(False)
        self.slider.setEnabled(count > 1)
        self.live.setEnabled(count > 0)
        self._show_live(step is None)
        if bool(count) != self._has_moments:
            self._has_moments = bool(count)
            self.end.keep_room("live is at 10,000")
        if not count:
            self.text.setText("No moments yet")
            self.end.setText("moments are recorded as it learns")
        elif step is None:
            self.text.setText(f"live · step {newest} · epoch {epoch}")
            self.end.setText(f"{count:,} moment{'' if count == 1 else 's'}")
        else:
            self.text.setText(f"showing step {step:,} · epoch {epoch}")
            self.end.setText(f"live is at {newest}")
        set_role(self.text, "muted" if step is None else "title")
        self.slider.setAccessibleDescription(f"{self.text.text()}. {self.end.text()}.")

    def _show_live(self, live: bool) -> None:
        """Plain text while live, a button to press when not."""
        self.live.setChecked(live)
        if self.live.property("flat") != live:
            self.live.setProperty("flat", live)
            self.live.setText("● Live" if live else "Live")
            self.live.style().unpolish(self.live)
            self.live.style().polish(self.live)

    def _moved(self, index: int) -> None:
        self.scrubbed.emit(index)

    def _ask_live(self) -> None:
        self.live.setChecked(True)
        self.live_asked.emit()
