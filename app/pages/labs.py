"""The Labs page: one tab a lab, its words beside its panel; what runs is one job, that of the tab or of another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QWidget

from app import as_command, widgets
from app.labs import LabPanel, panels
from app.notices import Notice
from app.parts import InParts, imported, polish, prepare
from app.session import Session
from app.theme import GAP, theme
from app.widgets.lab_about import LabAbout
from app.widgets.lab_bar import LabBar
from app.widgets.notice import NoticeArea
from app.widgets.page import framed
from engine import messages as m
from engine.errors import FlipscopeError
from engine.files import write_atomically
from engine.pace import Pace

WORDS_WIDTH = 290


class LabsPage(InParts):
    """Makes every panel, runs the lab in front and brings each result to the panel whose run it is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.session = session
        self.panels: list[LabPanel] = []
        self._requests: dict[str, m.RunLab] = {}
        """What was asked of each lab last."""
        self._running: LabPanel | None = None
        self._pace = Pace(time.monotonic)
        self._progress = m.Progress("job", "Starting")

    def parts(self) -> Iterator[None]:
        for _ in imported(widgets):  # which takes as long as to make them
            yield
        kinds = []
        for kind in panels():
            kinds.append(kind)
            yield
        kinds.sort(key=lambda kind: kind.order)
        self.bar = LabBar([kind.title for kind in kinds], self.command)
        self.notices, self._stack = NoticeArea(self.session, "labs"), QStackedWidget()
        framed(self, self.bar, self.notices).addWidget(self._stack, 1)
        yield
        for kind in kinds:
            panel = kind(self.session, self)
            while panel.make_part():
                yield
            self.panels.append(panel)
            yield
            self._stack.addWidget(self._with_words(panel))
            yield
        for part in (self.bar, self.notices, *self.findChildren(LabAbout), *self.panels):
            theme().dress(part)
            yield
        for step in (polish, prepare):
            for panel in self.panels:
                step(panel)
                yield
        self._connect()

    def _connect(self) -> None:
        session = self.session
        self.bar.tab_chosen.connect(self.show_tab)
        self.bar.run_asked.connect(self._run)
        self.bar.stop_asked.connect(session.jobs.cancel)
        self.bar.export_asked.connect(self._ask_where)
        for panel in self.panels:
            panel.edited.connect(self._refresh)
        session.jobs.said.connect(self._job_said)
        session.jobs.changed.connect(self._jobs_changed)
        self.show_tab(0)

    @property
    def panel(self) -> LabPanel:
        """The panel in front."""
        return self.panels[self._stack.currentIndex()]

    def show_tab(self, index: int) -> None:
        """Bring a lab to the front."""
        self._stack.setCurrentIndex(index)
        self.bar.tabs.button(index).setChecked(True)
        self._refresh()

    def command(self) -> as_command.Command:
        """What was run in the tab in front, while that is seen, else what Run would. Raises FlipscopeError."""
        panel = self.panel
        return as_command.of_lab(self._requests[panel.name] if panel.csv() else panel.request())

    # ------------------------------------------------------------ running

    def _run(self) -> None:
        panel, request = self.panel, self.panel.request()
        self._requests[panel.name] = request
        self._pace, self._progress = Pace(time.monotonic), m.Progress("job", "Starting")
        self.notices.clear()
        self.session.jobs.start(request, "labs", f"The lab '{panel.title}'")
        panel.begin(request)
        self._running = panel

    def _jobs_changed(self) -> None:
        panel = self._running
        if panel is not None and not _is_of(panel, self.session.jobs.command):
            self._running = None
            panel.over()
        self._refresh()

    def _job_said(self, command: m.Job, event: m.Event) -> None:
        panel = self._running
        if panel is None or not _is_of(panel, command):
            return  # somebody else's, which would be mixed with what the panel found before
        if isinstance(event, m.Progress):
            self._progress = self._pace.timed(event)
        elif isinstance(event, m.LabResult):
            panel.show_result(event)
        self._refresh()

    def _refresh(self) -> None:
        """Show what applies to the tab in front."""
        jobs = self.session.jobs
        self.bar.export.setEnabled(bool(self.panel.csv()))
        if _is_of(self.panel, jobs.command):
            self.bar.show_running(self._progress)
            return
        try:
            self.panel.request()
        except FlipscopeError as error:
            self.bar.show_idle(str(error), wrong=True)
        else:
            self.bar.show_idle(jobs.busy)

    # ------------------------------------------------------------ export

    def _ask_where(self) -> None:
        name = f"flipscope-{self.panel.name}.csv"
        path, _ = QFileDialog.getSaveFileName(self, "Export", name, "CSV (*.csv);;PNG picture (*.png)")
        if path:
            self.export(path)

    def export(self, path: str) -> None:
        """Save what was found as CSV, or the panel as a picture where the file is a PNG; a failure is a notice."""
        if Path(path).suffix.lower() == ".png":
            if not self.panel.grab().save(path, "PNG"):
                self.session.noticed.emit(Notice("labs", f"'{path}' could not be saved.", "Choose another folder."))
            return
        try:
            write_atomically(path, self.panel.csv().encode())
        except FlipscopeError as error:
            self.session.noticed.emit(Notice("labs", error.what, error.remedy))

    # ------------------------------------------------------------ making it

    def _with_words(self, panel: LabPanel) -> QWidget:
        words = LabAbout(panel.about)
        words.setFixedWidth(WORDS_WIDTH)
        panel.found.connect(words.show_measured)
        tab = QWidget()
        row = QHBoxLayout(tab)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(words)
        row.addWidget(panel, 1)
        return tab


def _is_of(panel: LabPanel, command: m.Job | None) -> bool:
    """Whether a job is this panel's lab."""
    return isinstance(command, m.RunLab) and command.lab == panel.name
