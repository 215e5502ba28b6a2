"""The card of the test set's accuracy: its curve over steps and seconds, and how long it took."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from app.race import Race
from app.run_view import RunView
from app.time_to_accuracy import Course, epochs_in
from app.why import explain
from app.widgets.accuracy_plot import AccuracyPlot
from app.widgets.card import Card

START = "Race plain torch (G): it trains the same run in turns with this one, drawn dashed against seconds"
STOP = "End the race (G); its curve stays"


class AccuracyCard(Card):
    """Accuracy on the test set, of the folded network that deployment would run. `race` lets plain torch run too."""

    def __init__(self) -> None:
        super().__init__("Test accuracy", figures=True)
        self.plot = AccuracyPlot()
        self.body.addWidget(self.plot, 1)
        self.race = QPushButton("Race")
        self.race.setStyleSheet("padding: 0 8px;")  # the title's line stays as high as that of the card beside it
        self.add_to_header(self.race)
        explain(
            self,
            "The share of test images that are read right, which the network never learned from; steps are written "
            "below, seconds of training above, and over the curve when the highest round accuracy was reached. Race "
            "lets plain torch train the same network, from the same seed, against the same clock: the dashed curve.",
            "In %, of the network as it would be deployed: folded, batch-norm re-estimated, all test images through "
            "XNOR and popcount in the trainer. Seconds of training, scoring and looking included, pauses not; an "
            "accuracy is reached with the first score at or above it. In a race one trains while the other rests, so "
            "that both have the machine to themselves, and only their own seconds count.",
            "threshold",
        )

    def refresh(self, run: RunView, race: Race) -> None:
        """Draw the run up to now, and what it is raced by."""
        ours = run.course()
        self.plot.show_courses(ours, None if race.ghost is None else race.ghost.course())
        newest = ours.scores.accuracy[-1:]
        self.set_hint(f"{100 * newest[0]:.2f} %" if newest.size else "")
        if newest.size:
            self.plot.set_summary(_summary(ours, self.plot.marks))

    def offer(self, race: Race) -> None:
        """Offer what makes sense now: to race, or to end the race."""
        problem = "" if race.under_way else race.problem
        self.race.setText("Stop" if race.under_way else "Race")
        self.race.setAccessibleName("Stop the race" if race.under_way else "Race plain torch")
        self.race.setEnabled(not problem)
        self.race.setToolTip(problem or (STOP if race.under_way else START))


def _summary(ours: Course, marks: list[str]) -> str:
    accuracy = 100 * ours.scores.accuracy
    told = [f"Test accuracy is {accuracy[-1]:.2f} % after {accuracy.size} scores, {accuracy.max():.2f} % at best"]
    told += [
        epochs_in(ours.now[1], ours.seconds),
        *(f"first {mark}" if not i else mark for i, mark in enumerate(marks)),
    ]
    return f"{'; '.join(told)}."
