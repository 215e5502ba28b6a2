"""The Draw page's tools: undo, pen, model, files, mode, and the way to Learn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QPushButton, QSlider

from app.figures import percent
from app.session import ModelChoice, Session
from app.theme import GAP, GRID
from app.widgets.canvas import PEN_RANGE, Canvas
from app.widgets.card import label
from app.widgets.export_dialog import ask_export
from app.widgets.segmented import mode_switch
from engine.messages import ModelInfo


class DrawBar(QFrame):
    """Pokes the canvas and the session; `watch_asked` is for the page to answer, `open_asked` for the window."""

    watch_asked = Signal()
    open_asked = Signal()

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._session, self._canvas = session, canvas
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GRID, GAP, GRID)
        row.setSpacing(GRID)
        stack = canvas.undo_stack
        self.undo = self._button("Undo", "Take back the last change (Ctrl+Z)", stack.undo)
        self.redo = self._button("Redo", "Do it again (Ctrl+Shift+Z)", stack.redo)
        self.clear = self._button("Clear", "Take everything off the canvas (Del)", canvas.clear)
        for button, keys in ((self.undo, "Ctrl+Z"), (self.redo, "Ctrl+Shift+Z"), (self.clear, "Del")):
            button.setShortcut(keys)
            row.addWidget(button)
        self.pen = self._pen_slider()
        row.addWidget(label("Pen", "muted"))
        row.addWidget(self.pen)
        self.models = self._model_picker()
        row.addWidget(self.models)
        row.addWidget(self._button("Open…", "Use another model, or read a picture of a digit", self.open_asked.emit))
        row.addWidget(
            self._button("Export…", "Write this model as C, FPGA memories, numpy or ONNX (Ctrl+E)", self._export)
        )
        self.mode = mode_switch()
        self.mode.chosen.connect(session.set_mode)
        row.addWidget(self.mode)
        row.addStretch(1)
        self.watch = self._button("▶ Watch one learn", "Train a network and see its bits flip", self.watch_asked.emit)
        self.watch.setProperty("primary", True)
        row.addWidget(self.watch)
        for button, can, changed in (
            (self.undo, stack.canUndo(), stack.canUndoChanged),
            (self.redo, stack.canRedo(), stack.canRedoChanged),
        ):
            button.setEnabled(can)
            changed.connect(button.setEnabled)
        session.models_changed.connect(self.refresh_models)
        session.model_changed.connect(self.refresh_models)
        session.mode_changed.connect(self._refresh_mode)
        self.refresh_models()
        self._refresh_mode()

    @staticmethod
    def _button(text: str, tip: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip if "…" not in text else text)
        button.clicked.connect(lambda: act())
        return button

    def _pen_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(*PEN_RANGE)
        slider.setFixedWidth(60)
        slider.setAccessibleName("Pen width")
        slider.valueChanged.connect(self._set_pen)
        slider.setValue(min(max(self._session.settings.pen, PEN_RANGE[0]), PEN_RANGE[1]))
        self._set_pen(slider.value())
        return slider

    def _set_pen(self, width: int) -> None:
        self._canvas.pen_width = float(width)
        self._session.settings.pen = width
        slider = self.sender()
        if isinstance(slider, QSlider):
            slider.setToolTip(f"Pen {width / 10:.1f} of 28 pixels wide")

    def _model_picker(self) -> QComboBox:
        picker = QComboBox()
        picker.setAccessibleName("Model")
        picker.setMinimumWidth(110)
        picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        picker.activated.connect(lambda index: self._session.select_model(self.models.itemData(index)))
        return picker

    def refresh_models(self) -> None:
        """List the models with what is known of them; an open list stays as it is but for words."""
        if [choice.key for choice in self._session.models] != [*map(self.models.itemData, range(self.models.count()))]:
            self._list_models()
        for index, choice in enumerate(self._session.models):
            info = self._session.infos.get(choice.key)
            self.models.setItemText(index, model_title(choice, info))
            self.models.setItemData(index, model_tip(choice, info), Qt.ItemDataRole.ToolTipRole)
            if choice.key == self._session.model_key:
                self.models.setCurrentIndex(index)
                self.models.setToolTip(model_tip(choice, info))
        self.models.setEnabled(self.models.count() > 0)
        self.models.setPlaceholderText("no model yet")

    def _list_models(self) -> None:
        self.models.hidePopup()  # what is highlighted in it would be another model
        self.models.clear()
        for choice in self._session.models:
            self.models.addItem("", choice.key)

    def _refresh_mode(self) -> None:
        self.mode.select(self._session.mode)

    def _export(self) -> None:
        ask_export(self, self._session)


def model_title(choice: ModelChoice, info: ModelInfo | None) -> str:
    """What the list shows: the title and the accuracy where it is known."""
    accuracy = None if info is None else info.accuracy
    return choice.title if accuracy is None else f"{choice.title} · {percent(accuracy)}"


def model_tip(choice: ModelChoice, info: ModelInfo | None) -> str:
    """Architecture and size, or where the model comes from."""
    if info is None:
        return choice.path or "becomes available when a run has started"
    smaller = info.float_bytes / max(1, info.weight_bytes)
    size = f"{info.weight_count:,} weights in {info.weight_bytes / 1024:,.0f} KiB"
    return f"{info.architecture}: {size}" + (f", {smaller:.1f}× less than float32" if info.form == "packed" else "")
