"""A training run in its folder: the loop, its clock, its records and saves. Window and command line share it."""

from __future__ import annotations

import math
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from engine.branch import branch
from engine.checkpoint import Checkpoint
from engine.config import RunConfig
from engine.files import CannotWrite, sweep, write_atomically
from engine.runhold import Hold
from engine.runs import About, RunFolder, is_kept
from engine.training import models
from engine.training.loop import EpochEnd, Finished, Loop, LoopEvent, Scored, StepDone
from engine.training.parallel import ALONE, World
from engine.training.plan import Architecture, ConvLayer
from engine.training.recorder import Recorder
from engine.training.trainable import Trainable, producers

SAVE_EVERY = 10.0
"""Seconds after which the end of an epoch is reason enough to save."""
RETRY_EVERY = 30.0
"""Seconds after which a save that the disk refused is tried again."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Saved:
    """What is announced here is on the disk and can be resumed from."""

    step: int
    epoch: float
    path: Path


@dataclass(frozen=True)
class NotSaved:
    """The disk refused; the run itself is well, and is saved again a while later.

    saved: what was saved all the same, before a further copy of it was refused.
    """

    error: CannotWrite
    saved: Saved | None = None


SessionEvent = LoopEvent | Saved | NotSaved


class Stopwatch:
    """Seconds of training: runs while it is let run, and stands still in pauses."""

    def __init__(self, clock: Clock, seconds: float = 0.0) -> None:
        self._clock = clock
        self._before = seconds
        self._since: float | None = None

    @property
    def running(self) -> bool:
        return self._since is not None

    def run(self) -> None:
        if self._since is None:
            self._since = self._clock()

    def stop(self) -> None:
        self._before, self._since = self.seconds(), None

    def seconds(self) -> float:
        return self._before + (0.0 if self._since is None else self._clock() - self._since)


class Session:
    """One run under way, held against every other process until `close`.

    Args:
        out: a file that takes every save as well, beside the run folder.
    """

    def __init__(
        self, loop: Loop, folder: RunFolder, hold: Hold, watch: Stopwatch, clock: Clock, out: Path | None = None
    ) -> None:
        self.loop = loop
        self.folder = folder
        self._hold = hold
        self.watch = watch
        self._clock = clock
        self._out = out
        self._saved = (loop.place.step, loop.config)
        self._saved_at = clock()
        self._retry_at = math.inf
        self._rows: deque[Callable[[], None]] = deque()
        weights = tuple(outputs * inputs for outputs, inputs in self.layer_shapes())
        self._recorder = Recorder(weights, folder.curves(loop.place.step))

    @classmethod
    def start(
        cls,
        config: RunConfig,
        root: Path,
        clock: Clock,
        now: datetime,
        out: Path | None = None,
        world: World = ALONE,
    ) -> Session:
        """A new run in a new folder under `root`. Raises UnknownName, Unsupported, BadFile, CannotWrite."""
        start = Trainable.beginning(config)  # what cannot be trained here leaves no folder behind
        folder = RunFolder.create(root, start.saved.config, producers(), now)
        if start.title:
            folder.describe(About(start.title))
        return cls._going_on(start, folder, Hold(folder), clock, out, world)

    @classmethod
    def resume(
        cls,
        path: Path,
        root: Path,
        clock: Clock,
        now: datetime,
        out: Path | None = None,
        config: RunConfig | None = None,
        *,
        apart: bool = False,
        world: World = ALONE,
    ) -> Session:
        """Go on from a saved training state; in its own folder if `path` is a run's newest save, else in a branch.

        config: settings to go on with, which may differ from the saved ones in what RunConfig lets change.
        apart: branch in any case. Raises as Trainable.resumed, InUse, and CannotWrite.
        """
        folder = None if apart else RunFolder.holding(path)
        if folder is None:
            start = Trainable.resumed(path, config)
            folder = branch(start.saved, path, root, producers(), now, start.saved.config)
            return cls._going_on(start, folder, Hold(folder), clock, out, world)
        hold = Hold(folder)
        try:
            start = Trainable.resumed(path, config)
            sweep(folder.path)
            folder.rewind(start.saved.step)
            return cls._going_on(start, folder, hold, clock, out, world)
        except BaseException:
            hold.release()
            raise

    @classmethod
    def _going_on(
        cls, start: Trainable, folder: RunFolder, hold: Hold, clock: Clock, out: Path | None, world: World
    ) -> Session:
        start = start.with_config(folder.located(start.saved.config))
        watch = Stopwatch(clock, start.saved.seconds)
        loop = start.loop(start.title or folder.name, watch.seconds, world)
        return cls(loop, folder, hold, watch, clock, out)

    def close(self) -> None:
        """Others may have the run."""
        self._hold.release()

    def events(self) -> Iterator[SessionEvent]:
        """The loop's events, recorded, and what was saved, at the latest when the budget is spent."""
        self.watch.run()
        for event in self.loop.events():
            if isinstance(event, StepDone):
                self._recorder.add(event)
            elif isinstance(event, Scored):
                self._write_down(partial(self.folder.record_score, self._row(event)))
            yield event
            if (isinstance(event, EpochEnd) and self._due(event.epoch)) or self._overdue(event):
                yield self.save()

    def tune(self, key: str, value: object) -> RunConfig:
        """Change a live setting and write that down. Raises UnknownName, BadInput."""
        changed = self.loop.tune(key, value)
        self._write_down(partial(self.folder.record_change, self.loop.place.step, key, getattr(changed, key)))
        return changed

    @property
    def unsaved(self) -> bool:
        """Whether there are steps, settings or rows that no save holds, and that are worth one."""
        held = self._saved == (self.loop.place.step, self.loop.config) and not self._rows
        return not held and not self.loop.diverged

    def layer_shapes(self) -> tuple[tuple[int, int], ...]:
        """(outputs, weights of one output) of each layer."""
        data = self.loop.data
        return self._architecture().shapes(data.input_shape, len(data.class_names))

    def first_window(self) -> tuple[int, int, int]:
        """Height, width and channels of what one output of the first layer sees."""
        height, width, channels = self.loop.data.input_shape
        first = self._architecture().hidden[0]
        return (first.kernel, first.kernel, channels) if isinstance(first, ConvLayer) else (height, width, channels)

    def _architecture(self) -> Architecture:
        return models.architecture(self.loop.config.model, self.loop.config.layers)

    def save(self) -> Saved | NotSaved:
        """Write the newest save, and at the end of some epochs a checkpoint that stays.

        Raises BadInput where a run has diverged.
        """
        contents, saved, place = self._contents(), None, self.loop.place
        try:
            self._write_rows()
            saved = Saved(place.step, self.loop.epoch, self.folder.save(contents))
            if self._out is not None:
                write_atomically(self._out, contents)
            self.folder.save_curves(self._recorder.curves())
            if place.position == 0 and is_kept(place.epoch):
                self.folder.keep(contents, place.epoch)
        except CannotWrite as error:
            self._retry_at = self._clock() + RETRY_EVERY
            return NotSaved(error, saved)
        self._saved, self._saved_at = (place.step, self.loop.config), self._clock()
        self._retry_at = math.inf
        return saved

    def rescue(self) -> Path:
        """Where its own folder refuses and the run ends: save among the temporary files. Raises CannotWrite."""
        path = Path(tempfile.gettempdir()) / f"{self.folder.name}.safetensors"
        write_atomically(path, self._contents())
        return path

    def _contents(self) -> bytes:
        """A model file of this moment. Raises BadInput where a run has diverged."""
        place = self.loop.place
        state = Checkpoint(
            arrays=self.loop.state(),
            config=self.loop.config,
            step=place.step,
            epoch=place.epoch,
            position=place.position,
            seconds=self.watch.seconds(),
            run=self.folder.name,
        )
        return state.to_bytes(self.loop.network())

    def _due(self, epoch: int) -> bool:
        return is_kept(epoch) or self._clock() - self._saved_at >= SAVE_EVERY

    def _overdue(self, event: LoopEvent) -> bool:
        """Whether to save in any case: at the end, and a while after the disk refused."""
        if isinstance(event, Finished):
            return self.unsaved
        return isinstance(event, StepDone) and self._clock() >= self._retry_at

    def _write_down(self, record: Callable[[], None]) -> None:
        """Add a row to a table of the run; where the disk refuses, it waits for the next save, which is due at once."""
        self._rows.append(record)
        try:
            self._write_rows()
        except CannotWrite:
            self._retry_at = self._clock()

    def _write_rows(self) -> None:
        """Write down what waits, oldest first. Raises CannotWrite."""
        while self._rows:
            self._rows[0]()
            self._rows.popleft()

    def _row(self, event: Scored) -> dict[str, object]:
        """A row of the metrics."""
        return {
            "step": event.step,
            "epoch": f"{event.epoch:.6g}",
            "seconds": f"{self.watch.seconds():.3f}",
            "learning_rate": f"{self.loop.rate:.6g}",
            "test_loss": f"{event.score.loss:.6g}",
            "test_accuracy": f"{event.score.accuracy:.6g}",
            **self._recorder.columns(),
        }
