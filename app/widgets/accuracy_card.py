"""The card of the test set's accuracy: its curve over steps and seconds, and how long it took."""

from __future__ import annotations

from app.run_view import RunView
from app.time_to_accuracy import Course, epochs_in
from app.why import explain
from app.widgets.accuracy_plot import AccuracyPlot
from app.widgets.card import Card


class AccuracyCard(Card):
    """Accuracy on the test set, of the folded network that deployment would run."""

    def __init__(self) -> None:
        super().__init__("Test accuracy", figures=True)
        self.plot = AccuracyPlot()
        self.body.addWidget(self.plot, 1)
        explain(
            self,
            "The share of test images that are read right, which the network never learned from; the newest is at the "
            "right of the title. Steps are written below, seconds of training above, and in the corner when the "
            "highest round accuracy was reached.",
            "In %, of the network as it would be deployed: folded, batch-norm re-estimated, all test images through "
            "XNOR and popcount in the trainer. Seconds of training, scoring and looking included, pauses not; an "
            "accuracy is reached with the first score at or above it.",
            "threshold",
        )

    def refresh(self, run: RunView) -> None:
        """Draw the run up to now."""
        ours = run.course()
        self.plot.show_courses(ours, None)
        newest = ours.scores.accuracy[-1:]
        self.set_hint(f"{100 * newest[0]:.2f} %" if newest.size else "")
        if newest.size:
            self.plot.set_summary(_summary(ours, self.plot.marks))


def _summary(ours: Course, marks: list[str]) -> str:
    accuracy = 100 * ours.scores.accuracy
    told = [f"Test accuracy is {accuracy[-1]:.2f} % after {accuracy.size} scores, {accuracy.max():.2f} % at best"]
    told += [
        epochs_in(ours.now[1], ours.seconds),
        *(f"first {mark}" if not i else mark for i, mark in enumerate(marks)),
    ]
    return f"{'; '.join(told)}."
