"""The Kernels page: how fast every backend counts bits, checked before timed; and one dot product by hand."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QWidget

from app.bench_results import BenchResults, Case, bench_of, title
from app.parts import InParts
from app.session import Session
from app.theme import GAP, theme, tokens
from app.why import explain
from app.widgets.card import Card, label
from app.widgets.dot_card import DotCard
from app.widgets.kernel_bar import KernelBar
from app.widgets.meaning import Meaning
from app.widgets.not_saved import tell_not_saved
from app.widgets.notice import NoticeArea
from app.widgets.page import framed
from app.widgets.roofline import Roofline
from app.widgets.timebars import TimeBars
from engine import messages as m

KINDS = (("xnor", "XNOR"), ("float", "float"), ("peer", "float peer"), ("oracle", "other"))


class KernelsPage(InParts):
    """Keeps what was measured while the window lives, and shows one case of it at a time."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.session = session
        self.results = BenchResults()
        self.case: Case | None = None

    def parts(self) -> Iterator[None]:
        session = self.session
        self.bar = KernelBar(session)
        self.bars = TimeBars()
        self.cases = QComboBox()
        self.cases.setAccessibleName("Measured case")
        self.cases.setToolTip("Which of the cases that were measured is shown")
        self.cases.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        yield
        self.dot = DotCard(session)
        self.meaning = Meaning()
        self.roofline = Roofline()
        yield
        self._lay_out()
        theme().dress(self)
        yield
        session.jobs.said.connect(self._bench)
        session.backends_changed.connect(self._refresh)
        self.bar.copy_asked.connect(lambda: QGuiApplication.clipboard().setText(self.results.csv()))
        self.bar.save_asked.connect(self._save_picture)
        self.cases.activated.connect(lambda index: self.show_case(self.cases.itemData(index)))
        self._refresh()

    def show_case(self, case: Case | None) -> None:
        """Show a measured case."""
        self.case = case
        self._refresh()

    # ------------------------------------------------------------ what the benchmark says

    def _bench(self, command: m.Job, event: m.Event) -> None:
        if not isinstance(command, m.Bench):
            return
        if isinstance(event, m.Progress):
            self.bar.show_progress(event)
            return
        case = self.results.add(event)
        self.case = case or self.case
        self._refresh()

    def _refresh(self) -> None:
        self.cases.clear()
        for case in self.results.cases:
            self.cases.addItem(title(case), case)
            if case == self.case:
                self.cases.setCurrentIndex(self.cases.count() - 1)
        self.cases.setVisible(bool(self.results.cases))
        self.bars.show_rows(self._absent() if self.case is None else self.results.rows(self.case))
        self.meaning.show_case(self.results, self.case)
        self.meaning.show_notes(self.session.backends)
        name, threads, device = self.case or Case("", 1)
        peak = self.results.peaks.get(device)
        self.roofline.show_rows(self.results.measured(threads, device), peak, name, threads)
        self.bar.copy.setEnabled(bool(self.results.cases))
        self.bar.shown = None if self.case is None else bench_of(self.case)

    def _absent(self) -> list[m.BenchRow]:
        """Before anything is measured: the backends that cannot take part, and why."""
        able = (b for b in self.session.backends if not b.ready)
        return [m.BenchRow("", b.name, b.kind, 1, reason=b.reason, remedy=b.remedy) for b in able]

    def _save_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save picture", "flipscope-kernels.png", "PNG (*.png)")
        if path and not self.grab().save(path, "PNG"):
            tell_not_saved(self, path)

    # ------------------------------------------------------------ making it

    def _name_kinds(self) -> None:
        """What the colours of the dots are, on the title's line."""
        named = [(name, tokens().of_kind(kind)) for kind, name in KINDS]
        self._legend.setText(" &nbsp;".join(f'<span style="color:{color}">● {name}</span>' for name, color in named))

    def _lay_out(self) -> None:
        inner = framed(self, self.bar, NoticeArea(self.session, "kernels"))
        times = Card("Time of one case", "median, whisker = quartiles")
        times.add_to_header(self.cases)
        times.body.addWidget(self.bars, 1)
        explain(
            times,
            "The time that each backend and float peer takes for one case, shorter is better, on a logarithmic axis. "
            "Slower ones and those that cannot run stay listed.",
            "Median of the turns, whiskers from the first to the third quartile; contestants take turns, on CPU time "
            "where one thread works, after each result was compared with the oracle.",
            "xnor",
        )
        roofline = Card("Roofline")
        self._legend = label()
        roofline.add_to_header(self._legend)
        theme().changed.connect(self._name_kinds)
        self._name_kinds()
        roofline.body.addWidget(self.roofline, 1)
        explain(
            roofline,
            "Each measured row as a dot: its speed over how much it computes with each byte it must move. The level "
            "lines are what this core can compute at most, the slanted ones what its memory can bring.",
            "GMAC/s over MAC/byte, operands and result moved once; the ceilings were measured on this machine in the "
            "same process.",
            "xnor",
        )
        grid = QGridLayout()
        grid.setSpacing(GAP)
        for card, row, place in ((times, 0, 0), (self.dot, 0, 1), (roofline, 1, 0), (self.meaning, 1, 1)):
            grid.addWidget(card, row, place)
        for index, (across, down) in enumerate(((56, 54), (44, 46))):
            grid.setColumnStretch(index, across)
            grid.setRowStretch(index, down)
        inner.addLayout(grid, 1)
