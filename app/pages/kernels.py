"""The Kernels page: how fast every backend counts bits, checked before timed; and one dot product by hand."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QVBoxLayout, QWidget

from app.bench_results import BenchResults, Case, title
from app.session import Session
from app.theme import GAP, GRID, Tokens, theme, tokens
from app.widgets.card import Card
from app.widgets.dot_card import DotCard
from app.widgets.kernel_bar import KernelBar
from app.widgets.meaning import Meaning
from app.widgets.notice import NoticeArea
from app.widgets.plot import Axis, Paint, Plot
from app.widgets.timebars import TimeBars
from engine import messages as m

KINDS = (("xnor", "XNOR"), ("float", "float"), ("peer", "peer"), ("oracle", "oracle"))

EMPTY_RANGE = (1.0, 1e4)
"""Of work, in MMAC, before anything is measured."""


class KernelsPage(QWidget):
    """Keeps what was measured while the window lives, and shows one case of it at a time."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.session = session
        self.results = BenchResults()
        self.case: Case | None = None
        self.bar = KernelBar(session)
        self.bars = TimeBars()
        self.cases = QComboBox()
        self.cases.setAccessibleName("Measured case")
        self.cases.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.dot = DotCard(session)
        self.meaning = Meaning()
        self.sweep = self._make_sweep()
        self._lay_out()
        session.bench.connect(self._bench)
        self.bar.copy_asked.connect(lambda: QGuiApplication.clipboard().setText(self.results.csv()))
        self.bar.save_asked.connect(self._save_picture)
        self.cases.activated.connect(lambda index: self.show_case(self.cases.itemData(index)))
        self._refresh()

    def show_case(self, case: Case | None) -> None:
        """Show a measured case."""
        self.case = case
        self._refresh()

    # ------------------------------------------------------------ what the benchmark says

    def _bench(self, event: m.Event) -> None:
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
        self.bars.show_rows([] if self.case is None else self.results.rows(self.case))
        self.meaning.show_case(self.results, self.case)
        self._show_sweep()
        self.bar.copy.setEnabled(bool(self.results.cases))

    def _show_sweep(self) -> None:
        threads = 1 if self.case is None else self.case[1]
        points = {name: self.results.sweep(kind, threads) for kind, name in KINDS}
        for name, found in points.items():
            self.sweep.set_line(name, [x for x, _ in found], [y for _, y in found])
        works = [x for found in points.values() for x, _ in found]
        self.sweep.set_x_range(*((min(works) / 2, max(works) * 2) if works else EMPTY_RANGE))
        peak = self.results.peak
        for name, limit in (("popcount limit", peak and peak.popcount_gmacs), ("fp32 limit", peak and peak.fp32_gmacs)):
            ends = [min(works) / 2, max(works) * 2] if works and limit else []
            self.sweep.set_line(name, ends, [limit * threads for _ in ends] if limit else [])
        fastest = max((y for found in points.values() for _, y in found), default=None)
        if fastest is not None:
            self.sweep.set_summary(f"{len(self.results.cases)} cases; the fastest reached {fastest:,.0f} GMAC/s.")

    def _save_picture(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save picture", "flipscope-kernels.png", "PNG (*.png)")
        if path:
            self.grab().save(path, "PNG")

    # ------------------------------------------------------------ making it

    @staticmethod
    def _make_sweep() -> Plot:
        empty = "Every measured case becomes a point: speed against work, with this machine's own ceilings"
        plot = Plot(
            "Speed against work",
            Axis("work", "MMAC", log=True),
            Axis("speed", "GMAC/s", log=True),
            empty=empty,
            legend=False,
        )
        for kind, name in KINDS:
            plot.add_line(name, _paint_of(kind), symbol=True)
        plot.add_line("popcount limit", lambda t: t.text)
        plot.add_line("fp32 limit", lambda t: t.muted)
        return plot

    def _name_curves(self) -> None:
        """The curves' names in their colours, on the title's line."""
        named = [(name, tokens().of_kind(kind)) for kind, name in KINDS] + [("limits", tokens().text)]
        self._legend.setText(" &nbsp;".join(f'<span style="color:{color}">● {name}</span>' for name, color in named))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        inner = QVBoxLayout()
        inner.setContentsMargins(GAP, GAP, GAP, GAP)
        inner.setSpacing(GRID)
        inner.addWidget(NoticeArea(self.session, "kernels"))
        times = Card("Time of one case", "median, whisker = quartiles")
        times.add_to_header(self.cases)
        times.body.addWidget(self.bars, 1)
        sweep = Card("Speed against work")
        self._legend = sweep.hint
        theme().changed.connect(self._name_curves)
        self._name_curves()
        sweep.body.addWidget(self.sweep, 1)
        grid = QGridLayout()
        grid.setSpacing(GAP)
        for card, row, place in ((times, 0, 0), (self.dot, 0, 1), (sweep, 1, 0), (self.meaning, 1, 1)):
            grid.addWidget(card, row, place)
        for index, (across, down) in enumerate(((56, 54), (44, 46))):
            grid.setColumnStretch(index, across)
            grid.setRowStretch(index, down)
        inner.addLayout(grid, 1)
        column.addLayout(inner, 1)


def _paint_of(kind: str) -> Paint:
    def paint(t: Tokens) -> str:
        return t.of_kind(kind)

    return paint
