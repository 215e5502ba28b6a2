"""The panel of the memory faults lab: accuracy against broken bits, layer by layer, and what energy that saves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from app.labs import About, LabPanel, csv
from app.theme import Tokens
from app.widgets.fault_options import FaultOptions
from app.widgets.lab_cards import card, stack
from app.widgets.plot import Paint
from app.widgets.programming_card import ProgrammingCard
from app.widgets.rate_plot import RatePlot
from engine import messages as m
from engine.labs.faults import CLAIMED, TITLES, FaultPoint, FaultSummary, RunFaults, title

PAINTS: dict[str, Paint] = {
    "network": lambda t: t.xnor,
    "coded": lambda t: t.text,
    "hardened": lambda t: t.layer(4),
    "float32": lambda t: t.float_,
    "int8": lambda t: t.twin,
}


class FaultsPanel(LabPanel):
    """See LabPanel."""

    name: ClassVar[str] = "faults"
    title: ClassVar[str] = "Memory faults"
    order: ClassVar[int] = 1
    about: ClassVar[About] = About(
        question="How many broken bits can a binarized network bear, so that its memory needs no error correction?",
        method="Weight bits fail by themselves at the rate on the axis, drawn anew for every point; each broken "
        "network reads the whole test set in XNOR arithmetic. Beside it: its float twin as float32 words and as int8 "
        "with safe scales, the same bits behind a (72,64) code that corrects one wrong bit a word, and a network that "
        "was trained with 3 % of its bits wrong. A score that is not a number is no answer, and counts as wrong.",
        limits="Digits are an easy task and one small network is no proof. Weights fail, not sums or activations; "
        "thresholds only where asked. Energies come from a textbook model with the parameters shown.",
        source="T. Hirtzlin et al., NANOARCH 2019, arXiv 1908.04085, and on training with errors arXiv 1904.03652 "
        "(their abstracts). Code: M. Y. Hsiao 1970. Model: W. H. Butler et al. 2012.",
        claims=(
            "Up to 0.1 % wrong bits have little effect on MNIST, CIFAR-10 and ImageNet, so that memory can be written "
            "weakly, without error correction, for up to half the system's energy.",
            "Trained with the errors, a network bears 4 % of them (1904.03652).",
        ),
        lesson="faults",
    )

    def parts(self) -> Iterator[None]:
        self._points: dict[str, list[FaultPoint]] = {}
        self._summary: FaultSummary | None = None
        self.options = FaultOptions(self.session)
        yield
        self.rates = RatePlot("Accuracy against broken bits", "Press Run: accuracy at every rate appears here.")
        for name, paint in PAINTS.items():
            self.rates.add_series(TITLES[name], paint)
        self.rates.set_claim(CLAIMED, "0.1 %: little effect up to here, says the paper")
        yield
        self.layers = RatePlot("Accuracy with one layer broken", "Then each layer is broken alone.")
        yield
        self.programming = ProgrammingCard()
        yield
        self._lay_out()
        self.options.changed.connect(self.edited)

    def request(self) -> RunFaults:
        return self.options.request()

    def begin(self, request: m.RunLab) -> None:  # noqa: ARG002 - the contract
        self._points, self._summary = {}, None
        for plot in (self.rates, self.layers):
            plot.clear_lines()
        self.programming.show_points([], [], 0)
        self.found.emit("")

    def show_result(self, result: m.LabResult) -> None:
        if isinstance(result, FaultPoint):
            self._add(result)
        elif isinstance(result, FaultSummary):
            self._summary = result
        network, coded = (self._points.get(name, []) for name in ("network", "coded"))
        self.programming.show_points(network, coded, 0 if self._summary is None else self._summary.bits)
        self.found.emit(self._in_words())

    def csv(self) -> str:
        rows = [
            f"{title(name)},{p.rate:g},{index},{accuracy:.6g},{p.silent:.6g}"
            for name, points in self._points.items()
            for p in points
            for index, accuracy in enumerate(p.accuracies.tolist())
        ]
        return csv("series,rate,draw,accuracy,no answer", rows)

    def _add(self, point: FaultPoint) -> None:
        points = self._points.setdefault(point.series, [])
        points.append(point)
        if point.series in TITLES:
            self.rates.show_points(TITLES[point.series], points)
            return
        if point.series not in self.layers.series:
            self.layers.add_series(point.series, _layer_paint(int(point.series.split()[-1]) - 1))
        self.layers.show_points(point.series, points)

    def _in_words(self) -> str:
        """What was found so far, a line a series."""
        told = [f"{title(name)}: {_bearable(points)}" for name, points in self._points.items() if len(points) > 1]
        if self._summary is not None:
            one = self._summary
            told.append(
                f"{one.draws_per_second:.1f} draws a second of {one.images:,} images, {one.seconds:.0f} s in all"
            )
        return "\n".join(told)

    def _lay_out(self) -> None:
        rates = card(
            "Accuracy against broken bits",
            self.rates,
            "How accurate each form of the network stays as more of its stored bits are wrong, on a logarithmic axis "
            "with a place for 0 of its own. Level is harmless; the dashed line is what the paper claims.",
            "Accuracy in % over the whole test set, mean of the draws, shaded from the lowest to the highest draw; "
            "bits are broken anew in each draw, by the seed.",
            self.about.lesson,
            hint="mean of the draws, shaded from the lowest to the highest",
        )
        layers = card(
            "One layer broken at a time",
            self.layers,
            "The same with the faults in one layer alone, all others whole. The line that falls first belongs to the "
            "layer that bears least.",
            "Accuracy in % over the whole test set, mean of the draws; the share is of that layer's bits.",
            self.about.lesson,
            hint="binarized",
        )
        stack(self, self.options, (52, [(1, rates)]), (48, [(45, layers), (55, self.programming)]))


def _bearable(points: list[FaultPoint]) -> str:
    """Up to which of the measured rates less than half a point is lost."""
    clean, last = 100 * float(points[0].accuracies.mean()), 0.0
    for point in points[1:]:
        if 100 * float(point.accuracies.mean()) < clean - 0.5:
            break
        last = point.rate
    if not last:
        return f"{clean:.2f} %, loses more than half a point at {100 * points[1].rate:g} % wrong bits"
    return f"{clean:.2f} %, within half a point up to {100 * last:g} % wrong bits"


def _layer_paint(index: int) -> Paint:
    def paint(t: Tokens) -> str:
        return t.layer(index)

    return paint


PANEL = FaultsPanel
