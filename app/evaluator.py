"""The Float | XNOR strip's evaluations of the test set: one at a time, and the latest wish waits."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer, SignalInstance

from app.backend_choice import BackendChoice
from app.link import Channel
from app.models_list import TRAINING, TWIN, ModelsList
from engine import messages as m

RESTS = 9
"""Times as long as its last evaluation took in which a network in training has none: it would take a core from it."""
STANDS_MS = 700
"""How long a pen or a playhead stands still before an evaluation goes on beside it."""


class Evaluator:
    """The evaluations by model key. `changed` is emitted with the key; `stale` says of a key that what is loaded
    under it is no longer what it stands for, so that it is not worth an evaluation. `training`: whether a core is
    wanted for that.
    """

    def __init__(
        self,
        inference: Channel,
        models: ModelsList,
        backends: BackendChoice,
        stale: Callable[[str], bool],
        training: Callable[[], bool],
        changed: SignalInstance,
    ) -> None:
        self._inference, self._models, self._backends = inference, models, backends
        self._stale, self._training, self._changed = stale, training, changed
        self.evaluations: dict[str, m.Evaluation] = {}
        self._in_flight: str | None = None
        self._disowned = False
        """Whether the answer in flight is of something that is no longer there, and not to be shown."""
        self._next: str | None = None
        self._twin_asked = False
        """Whether the twin's turn has been; one that failed would fail again each time, with a notice."""
        self._began = self._rests_until = 0.0
        self._rest = QTimer(singleShot=True)
        self._rest.timeout.connect(self._go_on)
        self._hand = QTimer(singleShot=True, interval=STANDS_MS)
        self._hand.timeout.connect(self._hand_rests)

    def want(self, key: str) -> None:
        """Evaluate a model by float and XNOR; latest only, one after another."""
        if self._in_flight is not None or self._hand.isActive():
            self._next = key
            return
        left = self._rests_until - time.perf_counter()
        if key == TRAINING and left > 0 and self._training():
            self._next = key
            self._rest.start(1 + int(1000 * left))
            return
        names = [b.name for b in (self._backends.float_backend, self._backends.xnor_backend) if b is not None]
        info = self._models.infos.get(key)
        if info is None or not names or self._stale(key):
            return
        if info.form == "float":
            names = names[:1]
        self._in_flight, self._disowned, self._began = key, False, time.perf_counter()
        self._twin_asked = self._twin_asked or key == TWIN
        self._inference.send(self._command(key)(key, tuple(names)))

    def give_way(self) -> None:
        """A pen or the playhead moves: what it shows waits for no slice of an evaluation, until it stands still."""
        if self._in_flight is not None and not self._hand.isActive():
            self._inference.send(m.Pause(self._command(self._in_flight).lane or ""))
        self._hand.start()

    def _hand_rests(self) -> None:
        if self._in_flight is not None:
            self._inference.send(m.Resume(self._command(self._in_flight).lane or ""))
        else:
            self._go_on()

    @staticmethod
    def _command(key: str) -> type[m.Evaluate]:
        return m.EvaluateTwin if key == TWIN else m.Evaluate

    def take(self, event: m.Evaluation) -> None:
        """Show an answer, unless it was forgotten while it was on its way."""
        if self._disowned and event.key == self._in_flight:
            return
        self.evaluations[event.key] = event
        self._changed.emit(event.key)

    def over(self) -> None:
        """The evaluation in flight has ended, well or not: what waits is next, else the twin once."""
        if self._in_flight == TRAINING:
            now = time.perf_counter()
            self._rests_until = now + RESTS * (now - self._began)
        self._in_flight = None
        self._go_on()

    def run_changed(self) -> None:
        """What rests for a run's sake goes on where the run does not."""
        if self._rest.isActive() and not self._training():
            self._rest.stop()
            self._go_on()

    def _go_on(self) -> None:
        """Evaluate what waits, else the twin once."""
        if self._hand.isActive():
            return
        following, self._next = self._next, None
        if following is not None:
            self.want(following)
        if self._in_flight is None and TWIN in self._models.infos and not self._twin_asked:
            self.want(TWIN)

    def forget(self, key: str) -> None:
        """The key stands for another network from now on: neither what is known nor what is on its way is of it."""
        self.evaluations.pop(key, None)
        self._disowned = self._disowned or self._in_flight == key
        if self._next == key:
            self._next = None
        if key == TRAINING:
            self._rest.stop()
            self._rests_until = 0.0

    def worker_gone(self) -> None:
        """Nothing is in flight any more, and nothing waits; another worker may read the twin's test set."""
        self._in_flight = self._next = None
        self._twin_asked = TWIN in self.evaluations
