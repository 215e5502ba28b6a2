"""Training from the command line: the same session as in the window, driven to its end."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import paths
from engine.awake import awake
from engine.checkpoint import Standing
from engine.config import RunConfig
from engine.errors import FlipscopeError
from engine.files import CannotWrite, place
from engine.training.evaluation import Score
from engine.training.follow import follow
from engine.training.loop import Diverged, EpochEnd, Scored, StepDone
from engine.training.models import layer_name
from engine.training.parallel import PeerLost, World, joined
from engine.training.session import NotSaved, Session, SessionEvent
from engine.training.trainable import Trainable

log = logging.getLogger(__name__)

PROGRESS_EVERY = 0.2
"""Seconds between two lines of progress."""


def saved_settings(path: str | Path) -> RunConfig:
    """The settings that a saved run goes on with, unless they are changed. Raises BadFile."""
    return Standing.of(Path(path)).config


def train(
    config: RunConfig,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    runs_dir: str | Path | None = None,
    on_progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Train in a run folder until the budget is spent or Ctrl+C is pressed; then save.

    Where torchrun started several processes, they make every step together, and the first one does all else.

    Args:
        config: with `resume`, start from `saved_settings` and change what may change.
        out: a file that takes every save too, beside the run folder.
        runs_dir: where run folders are; the user's own by default.
        on_progress: is given a line of text some times a second.

    Returns:
        What CLI.md lists for `train`, and the run folder; `interrupted` where it was. Nothing in any process but the
        first.

    Raises:
        FlipscopeError: the request cannot be met, the disk refuses at the end, or the loss is no longer a number.
    """
    root = Path(runs_dir) if runs_dir is not None else paths.runs_dir()
    file = Path(out) if out is not None else None
    if file is not None and not os.access(file.parent, os.W_OK | os.X_OK):
        raise CannotWrite(f"'{file}' cannot be written.", "Choose a folder that exists and that you may write to.")
    if file is not None:
        place(file)
    with joined(config.device) as world, _interruption(world) as interrupted:
        if not world.leads:
            start = Trainable.beginning(config) if resume is None else Trainable.resumed(Path(resume), config)
            follow(start, world, interrupted.is_set)
            return {}
        now = datetime.now()
        if resume is None:
            session = Session.start(config, root, awake, now, file, world)
        else:
            session = Session.resume(Path(resume), root, awake, now, file, config, world=world)
        with closing(session):
            return _Report(session, on_progress, world, interrupted).drive(file)


class _Report:
    """Drives a session and keeps what is to be told of it."""

    def __init__(
        self, session: Session, on_progress: Callable[[str], None], world: World, interrupted: threading.Event
    ) -> None:
        self._session = session
        self._on_progress = on_progress
        self._world = world
        self._interrupted = interrupted
        self._first_step = session.loop.place.step
        self._first_second = session.watch.seconds()
        self._epochs_ended = session.loop.place.epoch
        self._told_at = -PROGRESS_EVERY
        self._score: Score | None = None
        self._flip_ratio: tuple[float, ...] | None = None
        self._refused: NotSaved | None = None
        self._warned = ""

    def drive(self, out: Path | None) -> dict[str, Any]:
        try:
            interrupted = self._until_the_end()
        except PeerLost as lost:
            self._save()
            self._check_saved()
            raise PeerLost(lost.what, f"Go on with --resume {self._file(out)}.") from lost
        if interrupted:
            self._save()
            if not self._session.loop.fresh_score:
                self._score = self._session.loop.score()
        self._check_saved()
        return self._record(out, interrupted)

    def _until_the_end(self) -> bool:
        """Train until the budget is spent; True where an interruption came first."""
        stopping = False
        for event in self._session.events():
            self._refused = None
            match event:
                case StepDone():
                    self._tell(event)
                case Scored():
                    self._score = event.score
                case EpochEnd():
                    self._flip_ratio, self._epochs_ended = event.flip_ratio, event.epoch
                case NotSaved():
                    self._refused = event
                    self._warn(event.error)
                case Diverged():
                    raise FlipscopeError(
                        f"At step {event.step} the loss is no longer a number; it began in {event.why}.",
                        "Start again, or resume from the last save, with a lower learning rate.",
                    )
            stopping = stopping or self._stopping(event)
            if stopping and not self._owes_a_score():
                return True
        return False

    def _owes_a_score(self) -> bool:
        """Whether an epoch's last step is made and its end is not told: a resumed run would never make up for it."""
        return self._session.loop.place.epoch > self._epochs_ended

    def _stopping(self, event: SessionEvent) -> bool:
        """Whether to stop here: of several processes all, after the same step."""
        if self._world.size == 1:
            return self._interrupted.is_set()
        return isinstance(event, StepDone) and self._world.any(self._interrupted.is_set())

    def _file(self, out: Path | None) -> Path:
        """Where the newest save is."""
        return self._session.folder.last if out is None else out

    def _save(self) -> None:
        """Save what is not saved yet; first of all, since nobody is patient after Ctrl+C."""
        if self._session.unsaved and isinstance(said := self._session.save(), NotSaved):
            self._refused = said

    def _warn(self, error: FlipscopeError) -> None:
        """Say that the disk refuses, once however often it is tried again; at the end the error itself says it."""
        if str(error) != self._warned and self._session.loop.spent < 1:
            self._warned = str(error)
            log.warning("%s Training goes on, and saving is tried again.", error)

    def _check_saved(self) -> None:
        """Raise CannotWrite where the disk refused to the end; it says where the run is instead, if anywhere."""
        if self._refused is None:
            return
        error, saved = self._refused.error, self._refused.saved
        try:
            path = self._session.rescue() if saved is None else saved.path
        except CannotWrite:
            raise error from None
        raise CannotWrite(f"{error.what} The run is in '{path}'.", error.remedy) from error

    def _tell(self, event: StepDone) -> None:
        seconds = self._session.watch.seconds()
        if seconds - self._told_at < PROGRESS_EVERY:
            return
        self._told_at = seconds
        scored = "" if self._score is None else f"  test {100 * self._score.accuracy:.2f} %"
        self._on_progress(f"epoch {event.epoch:.2f}  step {event.step}  loss {event.result.loss:.3f}{scored}")

    def _record(self, out: Path | None, interrupted: bool) -> dict[str, Any]:
        session = self._session
        steps = session.loop.place.step - self._first_step
        seconds = session.watch.seconds() - self._first_second
        ratios = self._flip_ratio or ()
        record: dict[str, Any] = {
            "test_accuracy": None if self._score is None else self._score.accuracy,
            "epochs": session.loop.epoch,
            "seconds": seconds,
            "steps": steps,
            "steps_per_second": steps / seconds if seconds > 0 else 0.0,
            "stepper": session.loop.choice.title,
            "stepper_why": session.loop.choice.why,
            "flip_ratio": [
                {"layer": layer_name(i, len(ratios)), "last_epoch": ratio} for i, ratio in enumerate(ratios)
            ],
            "model": str(self._file(out)),
            "run": str(session.folder.path),
        }
        return record | {"interrupted": True} if interrupted else record


@contextmanager
def _interruption(world: World) -> Iterator[threading.Event]:
    """An event that Ctrl+C or SIGTERM sets, so that a step is never broken in two; a second one interrupts as ever.

    Of several processes torchrun tells each of a Ctrl+C once more, and with SIGTERM that another one failed: neither
    keeps the first one from saving. A cluster sends SIGTERM some time before it kills.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def press(number: int, frame: object) -> None:  # noqa: ARG001 - what signal handlers are given
        if pressed.is_set() and world.size == 1:
            raise KeyboardInterrupt
        pressed.set()

    told_by = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, press) for number in told_by]
    try:
        yield pressed
    finally:
        for number, handler in zip(told_by, before, strict=True):
            signal.signal(number, handler)
