"""What the torch world does for the window: trains with telemetry, and times torch for the dashboard."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from engine import __version__, labs, paths, runlist
from engine import messages as m
from engine.awake import awake
from engine.errors import BadFile, BadInput
from engine.files import CannotWrite
from engine.inference import modelfile
from engine.training import peers, start, whole_steps
from engine.training.fetch import fetch
from engine.training.ghost import GhostRun
from engine.training.loop import Diverged, Scored, StepDone
from engine.training.models import layer_name
from engine.training.reestimate import Evaluating
from engine.training.session import Clock, NotSaved, Saved, Session, SessionEvent
from engine.training.telemetry import Telemetry
from engine.training.trainable import versions
from engine.worker import REST, STEP, Run, Slice

log = logging.getLogger(__name__)


class TrainingService:
    """See worker.Service."""

    def __init__(self, clock: Clock = awake) -> None:
        self._clock = clock
        self._run: _ShownRun | None = None
        self._ghost: GhostRun | None = None

    def versions(self) -> dict[str, str]:
        return {"flipscope": __version__, **versions()}

    def carry_out(self, command: m.Command) -> Run | None:
        match command:
            case m.StartRun(config, root):
                self.close()
                return self._begin(Session.start(config, Path(root), self._clock, datetime.now()))
            case m.TrainOn(path, changes, root):
                self.close()
                config = start.settings(Path(path)).with_changes(changes)
                return self._begin(Session.start(config, Path(root), self._clock, datetime.now()))
            case m.ContinueRun(path):
                self.close()
                now, apart = datetime.now(), command.apart
                return self._begin(Session.resume(Path(path), paths.runs_dir(), self._clock, now, apart=apart))
            case m.StopRun():
                self._under_way().stopping = True
            case m.Tune(key, value):
                return self._under_way().tune(key, value)
            case m.Watch():
                return None if self._run is None else self._run.watch(command)
            case m.Ack(sequence, layers):
                if self._run is not None:  # an answer to the last frame of a run that has ended since is nobody's
                    self._run.telemetry.acknowledge(sequence, layers)
            case m.RunLab():
                return labs.run(command)
            case m.Race(config):
                self._ghost = GhostRun(config, self._clock)
                return self._ghost.slices()
            case m.FetchData(name):
                return fetch(name)
            case m.Peer():
                return peers.take_turn(command)
            case m.PeerParts():
                return whole_steps.parts(command)
            case _:
                raise BadInput(f"The trainer has no '{type(command).__name__}'.", "Ask the other process.")
        return None

    def at_rest(self, lane: str) -> Iterator[m.Event]:
        if lane == "run" and self._run is not None:
            yield from self._run.at_rest()
        elif lane == m.Race.lane and self._ghost is not None:
            yield self._ghost.at_rest()

    def close(self) -> None:
        if self._run is not None:
            self._run.close()
        self._run = self._ghost = None

    def _begin(self, run: Session) -> Run:
        self._run = _ShownRun(run, self._clock)
        return self._run.slices()

    def _under_way(self) -> _ShownRun:
        if self._run is None or self._run.ended:
            raise BadInput("No run is under way.", "Start one first.")
        return self._run


class _ShownRun:
    """A session driven in slices, its events told in the words of the protocol."""

    def __init__(self, run: Session, clock: Clock) -> None:
        self._session = run
        self._clock = clock
        self.telemetry = Telemetry(run, clock)
        self.stopping = False
        self.ended = False
        self._why = ""
        self._state = ""
        self._announced = False
        self._changes: deque[m.Tuned] = deque()

    # ------------------------------------------------------------ driven by the worker

    def slices(self) -> Run:
        """Train, show and save until the budget is spent or a stop is asked for."""
        try:
            yield from self._announce()
            for event in self._session.events():
                yield from self._tell(event)
                if self.stopping:
                    break
                self._session.watch.run()  # it stood still if the lane rested in between
            yield from self._end()
        finally:
            self.ended = True
            if self._session.unsaved and isinstance(said := self._session.save(), NotSaved):
                self._rescue(said.error)
            self.close()

    def close(self) -> None:
        """Others may have the run, whether it was begun or not."""
        self._session.close()

    def _rescue(self, error: CannotWrite) -> None:
        """The run is left behind unsaved: keep it elsewhere, if anything can be kept at all."""
        try:
            log.error("%s The run %s is in '%s' instead.", error, self._name, self._session.rescue())
        except CannotWrite as again:
            log.error("%s %s The run %s is lost.", error, again, self._name)

    def at_rest(self) -> Iterator[m.Event]:
        """The clock stands still, and what is on the screen becomes the state that rests."""
        self._session.watch.stop()
        yield from self._announce()
        self._state = "paused"
        yield m.RunState(self._name, "paused", self._why)
        yield self.telemetry.frame(pictures=True)

    def tune(self, key: str, value: object) -> Run:
        """Change a live setting at once; the whole configuration is told between two slices."""
        config = self._session.tune(key, value)
        step = self._session.loop.place.step
        choice = self._session.loop.choice
        tuned = m.Tuned(self._name, step, key, getattr(config, key), config, choice.title, choice.why)
        self._changes.append(tuned)
        return self._tell_changes()

    def watch(self, command: m.Watch) -> Run | None:
        """Follow a weight. Where no step will bring the next frame, one of this moment tells its value."""
        self.telemetry.watch(command)
        return self._frame_at_rest() if self.ended or not self._session.watch.running else None

    def _frame_at_rest(self) -> Run:
        yield self.telemetry.frame(pictures=False)

    def _tell_changes(self) -> Run:
        while self._changes:  # all there are: a slider sends its next value before the last one is told
            yield self._changes.popleft()

    # ------------------------------------------------------------ what is said

    @property
    def _name(self) -> str:
        return self._session.folder.name

    def _announce(self) -> Iterator[m.Event]:
        """Tell once that the run is under way."""
        if self._announced:
            return
        self._announced = True
        run, loop = self._session, self._session.loop
        shapes = run.layer_shapes()
        images = len(loop.data.train_images)
        yield m.RunStarted(
            run=self._name,
            folder=str(run.folder.path),
            config=loop.config,
            layers=tuple((layer_name(i, len(shapes)), *shape) for i, shape in enumerate(shapes)),
            step=loop.place.step,
            steps_per_epoch=-(-images // loop.config.batch_size),
            train_images=images,
            stepper=loop.choice.title,
            stepper_why=loop.choice.why,
            window=run.first_window(),
            class_names=loop.data.class_names,
        )
        if loop.place.step:
            yield from self._past()

    def _past(self) -> Iterator[m.Event]:
        """What was seen of the run before, and its network as it was saved."""
        folder, step = self._session.folder, self._session.loop.place.step
        try:
            yield runlist.past(folder, step)
            yield m.Snapshot(folder.name, step, modelfile.to_bytes(modelfile.load(folder.last)))
        except BadFile as error:  # the run itself is well
            log.warning("the past of the run %s is not shown: %s", self._name, error)

    def _become(self, state: str) -> Iterator[m.Event]:
        """Tell a new state, once."""
        if state != self._state:
            self._state = state
            yield m.RunState(self._name, state)  # type: ignore[arg-type]

    def _tell(self, event: SessionEvent) -> Iterator[Slice]:
        match event:
            case StepDone():
                yield from self._step(event)
            case Evaluating():
                self.telemetry.interrupt()
                yield from self._become("evaluating")
                yield None
            case Scored():
                yield from self._score(event)
            case Saved():
                yield m.Saved(self._name, event.step, event.epoch, str(event.path))
            case NotSaved(error, saved):
                if saved is not None:
                    yield from self._tell(saved)
                yield m.NotSaved(self._name, error.what, error.remedy)
            case Diverged():
                yield from self._rest(
                    f"The loss is no longer a number since step {event.step}; it began in {event.why}. "
                    "Start again or resume from the last save, with a lower learning rate."
                )

    def _step(self, event: StepDone) -> Iterator[Slice]:
        self.telemetry.add(event)
        yield STEP  # what the window said meanwhile is heard: that it rests, or has room for a frame
        if self._session.watch.running:  # a single step that ended in rest is not told as a run that goes on
            yield from self._become("running")
        frame = self.telemetry.due()
        if frame is not None:
            before = self._clock()
            yield frame
            if self._session.watch.running:
                self.telemetry.spent(self._clock() - before)

    def _score(self, event: Scored) -> Iterator[Slice]:
        score = event.score
        yield m.Scored(
            run=self._name,
            step=event.step,
            epoch=event.epoch,
            time=self._session.watch.seconds(),
            accuracy=score.accuracy,
            loss=score.loss,
            confusion=score.confusion,
            backend=score.backend,
        )
        yield m.Snapshot(self._name, event.step, modelfile.to_bytes(score.network))
        yield from self._become("running")

    def _rest(self, why: str) -> Iterator[Slice]:
        """Rest the lane, with the reason, until a person lets it go on."""
        self._why = why
        yield REST
        self._why = ""

    def _end(self) -> Iterator[Slice]:
        """The last save, until there is one, the last frame, and how it ended."""
        while self._session.unsaved:
            yield from self._become("saving")
            said = self._session.save()
            yield from self._tell(said)
            if isinstance(said, NotSaved):
                yield from self._rest(f"{said.error} Then press Run: the run is over, and saved when there is room.")
        yield self.telemetry.frame(pictures=True)
        self.ended = True
        yield from self._become("stopped" if self.stopping else "finished")


def open_service() -> TrainingService:
    """For worker.main."""
    return TrainingService()
