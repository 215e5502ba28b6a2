"""The panel of the verification lab: one digit's neighbourhood, counted or proved, and robust accuracy by radius."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from app.labs import About, LabPanel, csv
from app.widgets.card import label
from app.widgets.class_counts import ClassCounts
from app.widgets.lab_cards import card, stack
from app.widgets.marked_bits import MarkedBits
from app.widgets.plot import Axis, Paint, Plot
from app.widgets.verify_options import DESCRIBED, VerifyOptions
from engine import messages as m
from engine.labs.verify import Explanation, RunVerify, SweepCurve, Verdict

UNSAID = "Press Run: what is proved, refuted or left open is said here."
UNREAD = "Press Run: the digit, in the bits that this network gets."
UNFOUND = "Then an input near it that is read as another class, if there is one."
UNCOUNTED = "Press Run: how many inputs have which class."
UNNAMED = ("this network", "the other")
"""What the curves of a sweep are called until their networks' names are known."""
ENGINE_WORDS = {"enumerate": "enumeration", "bdd": "decision diagrams", "sat": "SAT"}
PAINTS: tuple[Paint, Paint] = (lambda t: t.xnor, lambda t: t.twin)


class VerifyPanel(LabPanel):
    """See LabPanel."""

    name: ClassVar[str] = "verify"
    title: ClassVar[str] = "Verification"
    order: ClassVar[int] = 2
    about: ClassVar[About] = About(
        question="Of all pictures that differ from this digit in at most so many bits, how many does the network read "
        "as it reads the digit? Exactly, not by sampling.",
        method="Every neuron counts bits, so the network is a set of cardinality constraints. Three engines answer: "
        "enumeration runs every input through the XNOR kernels, decision diagrams count without trying, and SAT finds "
        "one input of another class or proves that there is none. Whichever suits is chosen, and says why.",
        limits="Dense networks on bits with one scale for all classes. Changed bits are no drawing: few strokes differ "
        "so. Diagrams and SAT can take too long; then the answer is 'out of budget', never a guess.",
        source="Y. Zhang et al., BDD4BNN, CAV 2021. MiniCard: M. Liffiton and J. Maglalang, SAT 2012.",
        claims=("Its tool BNNQuanalyst comes with a network of 784 inputs and four blocks of 50 to be counted.",),
        lesson="proof",
    )

    def parts(self) -> Iterator[None]:
        self._verdict: Verdict | None = None
        self._explanation: Explanation | None = None
        self._curves: dict[int, SweepCurve] = {}
        self.options = VerifyOptions(self.session)
        yield
        self.said = label(UNSAID)
        self.said.setWordWrap(True)
        self.digit, self.other = MarkedBits("The digit", UNREAD), MarkedBits("A counterexample", UNFOUND)
        self.counts = ClassCounts(UNCOUNTED)
        self.plot = Plot(
            "Robust accuracy against radius",
            Axis("changed bits", whole=True),
            Axis("robust accuracy", "%", low=0.0, high=100.0),
            empty="Then the test digits that are right and stay so, by radius.",
        )
        self._lines = list(UNNAMED)
        """What the curves of the sweep are called: the networks' names, once they are known."""
        for name, paint in zip(self._lines, PAINTS, strict=True):
            self.plot.add_line(name, paint, symbol=True)
        yield
        self._lay_out()
        self.setAcceptDrops(True)
        self.options.changed.connect(self.edited)
        self.session.prediction.connect(lambda _: self.edited.emit())

    def request(self) -> RunVerify:
        return self.options.request()

    def begin(self, request: m.RunLab) -> None:  # noqa: ARG002 - the contract
        self._verdict, self._explanation, self._curves = None, None, {}
        self.plot.clear_lines()
        for order, name in enumerate(UNNAMED):
            self._name_line(order, name)  # a name of the sweep before is not one to tell this one's from
        self._show_no_pictures("Under way.", "Being looked for.")
        self.counts.show_counts((), (), "", "counting")
        self.said.setText("Under way.")
        self.found.emit("")

    def show_result(self, result: m.LabResult) -> None:
        if isinstance(result, Verdict):
            self._verdict = result
            self._show_verdict(result)
        elif isinstance(result, Explanation):
            self._explanation = result
            self._show_explanation(result)
        elif isinstance(result, SweepCurve):
            self._curves[result.order] = result
            self._show_curve(result)
        self.found.emit("\n".join(self._in_words()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A description of a network is taken here; models and pictures are the window's."""
        if self._described(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.options.import_network(self._described(event))

    @staticmethod
    def _described(event: QDropEvent) -> str:
        urls = event.mimeData().urls()
        path = urls[0].toLocalFile() if urls else ""
        return path if path.lower().endswith(DESCRIBED) else ""

    def over(self) -> None:
        if self._verdict is None:
            self._show_no_pictures(UNREAD, UNFOUND)
            self.said.setText("" if self._curves else UNSAID)
            self.counts.show_counts((), (), "", UNCOUNTED)

    def csv(self) -> str:
        rows = list[str]()
        if (one := self._verdict) is not None:
            rows += [f"status,{one.model},radius {one.radius},{one.status},", f"inputs,{one.model},,{one.region_size},"]
            pairs = zip(one.class_names, one.per_class or (), strict=False)
            rows += [f"class,{one.model},{name},{count}," for name, count in pairs]
        for curve in self._curves.values():
            found = zip(curve.robust.tolist(), curve.unknown.tolist(), strict=True)
            said = f"robust of {curve.images},{curve.model},radius"
            rows += [f"{said} {radius},{robust},{open_}" for radius, (robust, open_) in enumerate(found)]
        return csv("part,network,of,value,not found out", rows)

    # ------------------------------------------------------------ showing

    def _show_no_pictures(self, digit: str, other: str) -> None:
        """Words in the place of both pictures."""
        for picture, words in ((self.digit, digit), (self.other, other)):
            picture.show_nothing(words)
        for shown in (self._digit_card, self._other_card):
            shown.set_hint("")

    def _show_verdict(self, one: Verdict) -> None:
        self.said.setText(_verdict_in_words(one))
        self.digit.show_bits(one.centre)
        self._digit_card.set_hint(f"read as {one.label}")
        if one.counterexample is None:
            there_is_none = f"There is none: whatever {one.radius} bits change, the digit is read alike."
            self.other.show_nothing(there_is_none if one.status == "proved" else "None was found in time.")
            self._other_card.set_hint("there is none" if one.status == "proved" else "none found")
        else:
            self.other.show_bits(one.counterexample, crossed=one.counterexample != one.centre)
            self._other_card.set_hint(f"read as {one.counterclass}; × changed")
        why = "SAT does not count." if one.engine == "sat" else one.note or "Not counted."
        self.counts.show_counts(one.class_names, one.per_class or (), one.label, why)

    def _show_explanation(self, found: Explanation) -> None:
        if self._verdict is None:
            return
        centre = self._verdict.centre
        shown = found.essential if found.forcing is None else found.forcing
        ringed = np.zeros(centre.size, np.bool_)
        ringed[shown] = True
        self.digit.show_bits(centre, ringed=ringed.reshape(centre.shape))
        within = f"force the class within {found.radius} changed bits"
        what = "change the class alone" if found.forcing is None else within
        self._digit_card.set_hint(f"read as {self._verdict.label}; ○ {what}")

    def _show_curve(self, curve: SweepCurve) -> None:
        others = [name for order, name in enumerate(self._lines) if order != curve.order]
        name = f"{curve.model} again" if curve.model in others else curve.model
        self._name_line(curve.order, name)
        shares = 100 * curve.robust / curve.images
        self.plot.set_line(name, np.arange(len(shares)), shares)

    def _name_line(self, order: int, name: str) -> None:
        if name != self._lines[order]:
            self.plot.rename_line(self._lines[order], name)
            self._lines[order] = name

    def _in_words(self) -> list[str]:
        told = [] if self._verdict is None else [_verdict_in_words(self._verdict)]
        if (found := self._explanation) is not None:
            told.append(_explanation_in_words(found))
        for curve in self._curves.values():
            shares = ", ".join(f"{100 * count / curve.images:.1f}" for count in curve.robust.tolist())
            told.append(f"{curve.model}: {shares} % of {curve.images} digits right within 0, 1, … changed bits.")
        return told

    # ------------------------------------------------------------ making it

    def _lay_out(self) -> None:
        lesson = self.about.lesson
        self._digit_card = card(
            "The digit",
            self.digit,
            "The input that is asked about, as the bits that the network gets. Rings mark bits that force the class "
            "within the radius as long as they are kept, where that was asked.",
            "Bits of the test image or of the canvas; what forces the class is proved by the engine.",
            lesson,
        )
        self._other_card = card(
            "Counterexample",
            self.other,
            "An input near the digit that the network reads as another class, if there is one. Crosses mark the bits "
            "that were changed.",
            "Found by the engine and run through the network again before it is shown.",
            lesson,
        )
        counts = card(
            "Inputs of each class",
            self.counts,
            "How many of all inputs within the radius are read as each class, on a logarithmic axis. One bar alone "
            "means that the digit's class is proved.",
            "Exact counts, by enumeration or decision diagrams; SAT does not count.",
            lesson,
            hint="logarithmic",
        )
        sweep = card(
            "Robust accuracy",
            self.plot,
            "The share of test digits that are read right and stay so whatever bits change, by how many may change. "
            "Two networks can be laid over each other.",
            "In % of the test digits of the sweep, proved for each; what was not found out in time counts as not "
            "robust.",
            lesson,
            hint="of the sweep's test digits",
        )
        pictures = [(1, self._digit_card), (1, self._other_card)]
        stack(self, self.options, self.said, (1, pictures), (1, [(1, counts), (1, sweep)]))


def _verdict_in_words(one: Verdict) -> str:
    """What was found about one digit, in a few sentences."""
    within = f"{one.region_size:,} inputs within {one.radius} changed bits of this {one.label}"
    how = f"By {ENGINE_WORDS[one.engine]} in {one.seconds:.2f} s."
    nodes = "" if one.nodes is None else f" {one.nodes:,} nodes, {one.library}."
    if one.status == "proved":
        said = f"Proved: all {within} are read alike."
    elif one.status == "refuted" and one.robust is not None:
        said = f"Refuted: {one.region_size - one.robust:,} of {within} are read otherwise."
    elif one.status == "refuted":
        said = f"Refuted: of {within}, at least one is read otherwise."
    else:
        said = f"Out of budget: not found out for the {within}."
    return " ".join(filter(None, (said, how + nodes, one.why, one.note)))


def _explanation_in_words(found: Explanation) -> str:
    alone = f"{found.essential.size} bits change it alone."
    if found.forcing is None:
        return f"Bits that force the class were not found: {found.note} {alone}"
    needed = "" if found.minimal else f" (perhaps not all are needed: {found.note})"
    return f"{found.forcing.size} bits force the class within {found.radius} changed bits{needed}; {alone}"


PANEL = VerifyPanel
