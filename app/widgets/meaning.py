"""What a measured case means: its main ratios in large figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app.bench_results import BenchResults, Case, memory_ratio
from app.figures import multiple, share_of
from app.theme import GAP, mono
from app.why import explain
from app.widgets.card import Card, label, set_role
from engine.inference.standing import against_tensor_cores
from engine.messages import BackendInfo


class Figure(QWidget):
    """A large figure over its meaning."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.value = label()
        self.value.setFont(mono(17))
        self.meaning = label("", "muted")
        self.meaning.setWordWrap(True)
        column.addWidget(self.value)
        column.addWidget(self.meaning)
        column.addStretch(1)

    def say(self, value: str, meaning: str, role: str = "") -> None:
        """Show a figure and what it is."""
        self.value.setText(value)
        set_role(self.value, role)
        self.meaning.setText(meaning)


class Meaning(Card):
    """Only measured rows speak here; until there are some, it says what will appear."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What it means", parent=parent)
        grid = QGridLayout()
        grid.setSpacing(GAP)
        self.figures = [Figure() for _ in range(4)]
        for index, figure in enumerate(self.figures):
            grid.addWidget(figure, index // 2, index % 2)
            grid.setColumnStretch(index % 2, 1)
        self.body.addLayout(grid)
        self.body.addStretch(1)
        self.exact = _wrapped("good")
        self.tensor = _wrapped("")
        self.machine = _wrapped("muted")
        self.notes = _wrapped("warning")
        for text in (self.exact, self.tensor, self.machine, self.notes):
            self.body.addWidget(text)
        self.show_case(BenchResults(), None)
        explain(
            self,
            "The case at the left in four ratios: against torch, against the best float, against this core's own "
            "limit, and in memory. Below, whether every result was exact.",
            "Ratios of medians of the rows at the left; the limit is a loop of xor, popcount and add on registers "
            "alone, timed in turns with them.",
            "xnor",
        )

    def show_case(self, results: BenchResults, case: Case | None) -> None:
        """Speak of a case of the results, or of what will be here."""
        device = "" if case is None else case.device
        peak = results.peaks.get(device)
        self.machine.setText(device or ("" if peak is None else peak.machine))
        self.tensor.setText("" if case is None else against_tensor_cores(results.rows(case)))
        self.tensor.setVisible(bool(self.tensor.text()))
        best = None if case is None else results.best(case, "xnor")
        if case is None or best is None:
            self.set_hint("")
            meanings = ("against torch float32", "against the best float", "of this core's limit", "of the memory")
            for figure, meaning in zip(self.figures, meanings, strict=True):
                figure.say("–", f"{meaning}: appears with the first XNOR row", "muted")
            self.exact.setText("")
            return
        self.set_hint(f"fastest here: {best.backend}")
        self._say_ratio(0, best.times_torch, "torch float32")
        self._say_ratio(1, best.times_best_float, "the best float")
        share, whose = best.fraction_of_peak, "of the popcount limit of these cores"
        if peak is not None and peak.device:
            share = best.gmacs / peak.popcount_gmacs if best.gmacs and peak.popcount_gmacs else None
            whose = "of its popcount limit, which is computed"
        self.figures[2].say("–" if share is None else share_of(share), whose)
        self.figures[3].say(multiple(memory_ratio(case.name)), "less memory for the weights than float32")
        exact = results.exact(case)
        set_role(self.exact, "good" if exact else "warning")
        self.exact.setText(
            "✓ exact: every backend's result equalled the oracle's before it was timed"
            if exact
            else "✗ not every result was compared with the oracle and equal"
        )

    def show_notes(self, backends: Sequence[BackendInfo]) -> None:
        """What is to be known of backends that are ready: which kernels failed the self-test, what runs instead."""
        self.notes.setText("\n".join(f"⚠ {one.name}: {one.note}" for one in backends if one.ready and one.note))
        self.notes.setVisible(bool(self.notes.text()))

    def _say_ratio(self, index: int, ratio: float | None, whom: str) -> None:
        exact = "" if ratio is None else f"{ratio:.6g} times as fast as {whom}: the ratio of two medians at the left"
        self.figures[index].value.setToolTip(exact)
        if ratio is None:
            self.figures[index].say("–", f"{whom} was not measured", "muted")
        elif ratio >= 1:
            self.figures[index].say(multiple(ratio), f"as fast as {whom}", "good")
        else:
            self.figures[index].say(multiple(ratio), f"as fast as {whom}: slower", "warning")


def _wrapped(role: str) -> QLabel:
    made = label("", role)
    made.setWordWrap(True)
    return made
