"""The panel of the memory faults lab: accuracy against the rate of broken bits."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.labs import About, LabPanel
from app.session import Session
from app.widgets.card import Card
from app.widgets.plot import Axis, Plot
from engine import messages as m
from engine.errors import BadInput
from engine.labs.faults import FaultPoint, RunFaults


class FaultsPanel(LabPanel):
    """Breaks the model in use."""

    name: ClassVar[str] = "faults"
    title: ClassVar[str] = "Memory faults"
    order: ClassVar[int] = 1
    about: ClassVar[About] = About(
        question="How many broken bits can a binarized network bear, so that its memory needs no error correction?",
        method="Each stored weight bit is flipped by itself with probability p; the broken network reads the whole "
        "test set, many times with other bits broken.",
        limits="Only weights fail here, not thresholds or the arithmetic; digits are an easy task.",
        source="T. Hirtzlin et al., NANOARCH 2019, arXiv 1908.04085 (its abstract).",
        claims=("A bit error rate up to 0.1 % has little effect on MNIST, CIFAR-10 and ImageNet.",),
    )

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._points: list[FaultPoint] = []
        self.plot = Plot(
            "Accuracy against broken bits",
            Axis("broken bits", log=True),
            Axis("accuracy", "%", low=0.0, high=100.0),
            empty="Press Run: the accuracy at every rate of broken bits appears here.",
        )
        self.plot.add_line("binarized", lambda t: t.xnor, symbol=True)
        card = Card("Accuracy against the rate of broken bits", "mean of the draws")
        card.body.addWidget(self.plot, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card, 1)
        session.model_changed.connect(self.edited)

    def request(self) -> RunFaults:
        model = self.session.model
        path = next((choice.path for choice in self.session.models if choice.key == self.session.model_key), "")
        if model is None or model.form != "packed" or not path:
            raise BadInput("There is no binarized model to break.", "Choose one on the Draw page.")
        return RunFaults(path)

    def begin(self, request: m.RunLab) -> None:  # noqa: ARG002 - the contract
        self._points = []
        self._refresh()

    def show_result(self, result: m.LabResult) -> None:
        if isinstance(result, FaultPoint) and result.series == "network":
            self._points.append(result)
            self._refresh()

    def csv(self) -> str:
        return self.plot.csv() if self._points else ""

    def _refresh(self) -> None:
        shown = [point for point in self._points if point.rate > 0]
        self.plot.set_line("binarized", [p.rate for p in shown], [100 * p.accuracies.mean() for p in shown])
        told = [f"{100 * p.accuracies.mean():.2f} % with {p.rate:g} of the bits broken" for p in self._points]
        self.found.emit("\n".join(told))


PANEL = FaultsPanel
