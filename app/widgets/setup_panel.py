"""The settings of a run in sections: recipe, data, network, method, schedule and the rest, each with a line."""

from __future__ import annotations

from types import SimpleNamespace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from app.focus import leave_keys
from app.lesson_dialog import lesson_link
from app.options import LESSONS, SECTIONS, Section, of_section
from app.session import Session
from app.theme import GAP, GRID, RADIUS, theme, tokens
from app.why import explain
from app.widgets.card import Card, label
from app.widgets.data_picker import DataPicker
from app.widgets.model_picker import ModelPicker, layers_line
from app.widgets.recipe_row import RecipeRow
from app.widgets.run_fields import RunFields
from app.widgets.segmented import Segmented
from app.widgets.setup_row import SetupRow

HELD = "A run is under way: what is pale is fixed from its first step. Stop or reset it to change that."


class SetupPanel(Card):
    """Listens to the session and pokes it. `section_shown` when a person goes to a section, `left` when done."""

    section_shown = Signal(str)
    left = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__("What is trained, and how")
        self._session = session
        self.fields = RunFields(session)
        self.rows: dict[str, SetupRow] = {}
        close = QToolButton()
        close.setText("✕")
        close.setProperty("flat", True)
        close.setAccessibleName("Close the settings")
        close.setToolTip("Back to the curves (Esc)")
        close.clicked.connect(lambda _checked=False: self.left.emit())
        self.add_to_header(close)
        self.recipe = RecipeRow(session)
        tabs = tuple((key, title, lambda t: t.muted) for key, title in SECTIONS.items())
        self.tabs = Segmented("Settings", tabs, least=0, padding=4)
        self.tabs.chosen.connect(self.show_section)
        self._stack = QStackedWidget()
        self._pages: dict[str, QScrollArea] = {}
        self.held = label(HELD, "muted")
        self.problem = label("", "warning")
        # Not as a whole: the sections are of several hundred widgets.
        self.setObjectName("setup")
        for dressed in (self.title, self.hint, close, self.recipe, self.tabs, self.held, self.problem):
            theme().dress(dressed)
        for words in (self.held, self.problem):
            words.setWordWrap(True)
        self.body.setSpacing(GRID + 4)
        for part in (self.recipe, self.tabs, self._stack, self.held, self.problem):
            self.body.addWidget(part, 1 if part is self._stack else 0)
        explain(
            self,
            "Everything that determines a run, section by section, each with a line on what it is now. What may change "
            "while a run is under way can be turned live; the rest is held until it is stopped.",
            "Settings, not measurements; a recipe says below its name what it was seen to reach, and on what.",
            "methods",
        )
        self.fields.refreshed.connect(self._refresh)
        self.show_section("data")

    def show_section(self, section: str) -> None:
        """Bring a section to the front, which is made when it is wanted first."""
        self.tabs.select(section)
        if section not in self._pages:
            self._pages[section] = self._page(section)  # type: ignore[arg-type]  # a key of SECTIONS
            self._stack.addWidget(self._pages[section])
            leave_keys(self._pages[section])
            theme().dress(self._pages[section])
            self.fields.refresh()
        self._stack.setCurrentWidget(self._pages[section])
        self.section_shown.emit(section)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The surface of a card, which no style sheet paints here."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens().color("surface"))
        painter.drawRoundedRect(self.rect(), RADIUS, RADIUS)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _page(self, section: Section) -> QScrollArea:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 6, 4)
        column.setSpacing(GAP - 4)
        for option in of_section(section):
            self.rows[option.key] = SetupRow(option, self._control(option.key))
            column.addWidget(self.rows[option.key])
        column.addWidget(lesson_link(LESSONS[section]))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll

    def _control(self, key: str) -> QWidget:
        match key:
            case "data":
                self.data = DataPicker(self._session, self.fields)
                return self.fields.keep(key, self.data, self.data.show_data)
            case "model":
                self.model = ModelPicker(self._session, self.fields)
                return self.fields.keep(key, self.model, self.model.show_model)
            case _:
                return self.fields.control(key)

    def _refresh(self, values: SimpleNamespace) -> None:
        active, problem = self._session.run.active, self._session.draft.problem
        shown = "" if active or problem is None else f"⚠ {problem}"
        for row in self.rows.values():
            row.refresh(values, odd=bool(shown))
        if "data" in self.rows:
            self.rows["data"].line.setText(self.data.about(values.data))
        if "model" in self.rows:
            self.rows["model"].line.setText(layers_line(values.model, values.layers))
        self.held.setVisible(active)
        self.problem.setText(shown)
        self.problem.setVisible(bool(shown))
