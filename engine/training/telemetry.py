"""What the window is shown of a run: frames with credit of one, and what they cost."""

from __future__ import annotations

from collections import deque

import numpy as np

from engine.errors import BadInput
from engine.messages import Frame, LayerFrame, Scalars, Watch, WatchTrace
from engine.training.loop import Loop, StepDone
from engine.training.models import layer_name
from engine.training.probes import layer_frame
from engine.training.recorder import scalars
from engine.training.session import Clock, Session

FRAME_EVERY = 1 / 32
"""Seconds between two frames on average, at the least: each comes with the first step after its time. A little less
than a thirtieth, so that thirty a second are seen where some come late."""

PICTURES_EVERY = 0.1
"""Seconds between two frames with pictures of the layers, at the least."""

SHARE = 0.01
"""Pictures wait until what the last ones cost is at most this share of the time since."""

WINDOW = 1.0
"""Seconds over which the speed is taken."""


class Telemetry:
    """Gathers what every step says, and makes frames of it when there is credit and enough time has passed.

    One frame may be on its way at any time; the next waits for its acknowledgement. Meanwhile the curves' values
    gather, and pictures are made only when they are sent: nothing on a curve is lost, and nobody waits.
    """

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._loop: Loop = session.loop
        self._clock = clock
        shapes = session.layer_shapes()
        self._weights = np.array([outputs * inputs for outputs, inputs in shapes], np.float32)
        self._names = [layer_name(i, len(shapes)) for i in range(len(shapes))]
        self._steps: list[StepDone] = []
        self._watched: _Watched | None = None
        self._sequence = -1
        self._credit = self._pictures_wanted = False
        self._frame_due = self._pictured_at = -np.inf
        self._picture_cost = 0.0
        self._steps_since_pictures = 0
        self._begun = session.watch.seconds()
        self._looking = 0.0
        self._speed: deque[tuple[float, int]] = deque()

    # ------------------------------------------------------------ what comes in

    def acknowledge(self, sequence: int, pictures: bool) -> None:
        """The window has shown that frame, and has room if it is the newest; -1 gives the first credit."""
        if sequence == self._sequence:
            self._credit, self._pictures_wanted = True, pictures

    def watch(self, command: Watch) -> None:
        """Follow one weight from this step on; row -1 follows none. Raises BadInput."""
        if command.row < 0:
            self._watched = None
            return
        shapes = dict(enumerate(self._session.layer_shapes()))
        outputs, inputs = shapes.get(command.layer, (0, 0))
        if not (command.row < outputs and 0 <= command.column < inputs):
            raise BadInput(
                f"There is no weight {command.row}, {command.column} to watch.", "Choose one in the picture."
            )
        self._watched = _Watched(command, self._loop)

    def add(self, step: StepDone) -> None:
        """One step was made."""
        self._steps.append(step)
        self._steps_since_pictures += 1
        if self._watched is not None:
            self._watched.look(step.step)
        now = self._session.watch.seconds()
        self._speed.append((now, step.step))
        while now - self._speed[0][0] > WINDOW and len(self._speed) > 2:
            self._speed.popleft()

    def interrupt(self) -> None:
        """No step is made for a while, which is not to count as slow ones: their speed is measured anew."""
        self._speed.clear()

    def spent(self, seconds: float) -> None:
        """Time that went into handing a frame over."""
        self._looking += seconds

    # ------------------------------------------------------------ what goes out

    def due(self) -> Frame | None:
        """The next frame, if there is credit and it is time."""
        now = self._clock()
        if not self._credit or now < self._frame_due:
            return None
        late = now - self._frame_due  # by a part of a step, which is made up for
        self._frame_due = now + FRAME_EVERY - (late if late < FRAME_EVERY else 0.0)
        patience = max(PICTURES_EVERY, self._picture_cost / SHARE)
        return self.frame(pictures=self._pictures_wanted and now - self._pictured_at >= patience)

    def frame(self, pictures: bool) -> Frame:
        """A frame of this moment, whatever the credit."""
        start = self._clock()
        seconds = self._session.watch.seconds()  # pictures are made after that
        self._sequence += 1
        layers = self._pictures() if pictures else ()
        loop = self._loop
        frame = Frame(
            run=self._session.folder.name,
            seq=self._sequence,
            step=loop.place.step,
            epoch=loop.epoch,
            time=seconds,
            scalars=self._scalars(),
            layers=layers,
            watch=None if self._watched is None else self._watched.take(),
            rate=loop.rate,
            steps_per_second=self._steps_per_second(),
            probe_fraction=self._looking / max(seconds - self._begun, 1e-9) if self._looking else 0.0,
        )
        self._credit = False
        now = self._clock()
        self._looking += now - start
        if pictures:
            self._pictured_at, self._picture_cost = now, now - start
        return frame

    def _pictures(self) -> tuple[LayerFrame, ...]:
        layers = tuple(
            layer_frame(self._loop.stepper, i, name, self._steps_since_pictures, self._sequence)
            for i, name in enumerate(self._names)
        )
        self._loop.stepper.reset_flips()
        self._steps_since_pictures = 0
        return layers

    def _scalars(self) -> Scalars:
        steps, self._steps = self._steps, []
        return scalars(steps, self._weights)

    def _steps_per_second(self) -> float:
        if len(self._speed) < 2:
            return 0.0
        (then, first), (now, last) = self._speed[0], self._speed[-1]
        return (last - first) / (now - then) if now > then else 0.0


class _Watched:
    """One weight, looked at after every step."""

    def __init__(self, command: Watch, loop: Loop) -> None:
        self._command = command
        self._loop = loop
        self._positive, value = self._now()
        self._flips = 0
        self._steps: list[int] = [loop.place.step]
        self._values: list[float] = [value]

    def _now(self) -> tuple[bool, float]:
        """Whether the weight is +1, and what keeps it from flipping."""
        return self._loop.stepper.look(self._command.layer, self._command.row, self._command.column)

    def look(self, step: int) -> None:
        positive, value = self._now()
        self._flips += positive != self._positive
        self._positive = positive
        self._steps.append(step)
        self._values.append(value)

    def take(self) -> WatchTrace:
        """What was seen since the last time."""
        steps, values = np.array(self._steps, np.int64), np.array(self._values, np.float32)
        self._steps, self._values = [], []
        command = self._command
        return WatchTrace(command.layer, command.row, command.column, steps, values, self._flips)
