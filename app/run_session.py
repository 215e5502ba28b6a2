"""The trainer's half of the session: the run, what is asked of it and told of it, and the playhead."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal, get_args

from PySide6.QtCore import QObject, Signal

from app import notices
from app.credit import Credit
from app.draft import Draft
from app.link import Channel, Death
from app.notices import Notice
from app.run_view import RunView
from app.settings import Settings
from engine import messages as m
from engine import paths
from engine.config import RunConfig
from engine.history import Moment

log = logging.getLogger(__name__)

Start = m.StartRun | m.ContinueRun | m.TrainOn
"""What asks for a run; whatever becomes of it, the run before it is over then."""
STARTS = tuple(kind.__name__ for kind in get_args(Start))


class RunSession(QObject):
    """The run and its trainer. `run_began` says whether it is another run, `snapshot` carries its network.

    `noticed` carries what there is to say, `withdrawn` what a notice said that no longer holds.
    """

    run_changed = Signal()
    run_began = Signal(bool)
    snapshot = Signal(object)
    frame_arrived = Signal(object)
    scored = Signal(object)
    moment_changed = Signal()
    children_changed = Signal()
    noticed = Signal(object)
    withdrawn = Signal(str)

    def __init__(self, trainer: Channel, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.trainer, self.settings = trainer, settings
        self.ready: dict[str, bool] = {"trainer": False, "inference": False}
        self.versions: dict[str, str] = {}
        self.gone: set[str] = set()
        """Children that died and were not started again."""
        self.run = RunView()
        self.draft = Draft(settings)
        self.playhead: int | None = None  # a step, since indices move when the history is thinned
        self.visible_page = settings.page
        self._credit = Credit(trainer, self)
        self._watching: m.Watch | None = None
        self._before = self.run.state, self.run.config
        self._asked: Start | None = None
        """The run that was asked for, until the trainer says that it is under way, or why it cannot be."""
        self._standing: dict[str, Notice] = {}  # by the child that it is about
        trainer.said.connect(self._trainer_said)
        trainer.died.connect(self._trainer_died)
        trainer.silent.connect(self._trainer_silent)

    # ------------------------------------------------------------ the run

    def start_run(self, config: RunConfig, *, paused: bool = False) -> None:
        """Train from the beginning; a run under way is saved and ended first."""
        self._ask(m.StartRun(config, str(paths.runs_dir()), paused), config)

    def continue_run(self, path: str) -> None:
        """Train on from a checkpoint; a run under way is saved and ended first."""
        self._ask(m.ContinueRun(path), self.run.config)

    def reopen_run(self, saved: str) -> None:
        """Show a kept run as its newest save has it, at rest; a run under way is saved and ended first."""
        self._ask(m.ContinueRun(saved, paused=True))

    def branch_run(self, checkpoint: str) -> None:
        """Begin a run that goes on from a checkpoint, at rest; a run under way is saved and ended first."""
        self._ask(m.ContinueRun(checkpoint, paused=True, apart=True))

    def train_on(self, model: str, changes: Mapping[str, Any]) -> None:
        """Train a model file on, with settings for that and these changes; a run under way is saved and ended first."""
        self._ask(m.TrainOn(model, dict(changes), str(paths.runs_dir())))

    def _ask(self, command: Start, config: RunConfig | None = None) -> None:
        """Ask for a run. config: its settings, where they are known before the trainer says them."""
        self.restart_trainer()
        if self._asked is None:
            self._keep_state()
        self._asked = command
        self.run.state, self.run.why = "starting", ""
        self._leave_the_past()
        if config is not None:
            self.draft.take(config)
            self.run.config = config
        self._credit.drop()
        self.run_changed.emit()
        self.trainer.send(command)

    @property
    def awaited(self) -> bool:
        """Whether another run was asked for that has not begun."""
        return self._asked is not None

    def _keep_state(self) -> None:
        """Remember the run that is seen: where another cannot be started it stays; it was ended for that."""
        self._before = ("stopped" if self.run.active else self.run.state), self.run.config

    def toggle_run(self) -> None:
        """Start, pause or resume, whichever makes sense."""
        if self.run.moving:
            self.pause()
        elif self.run.state == "paused":
            self.resume()
        elif self.run.state == "lost":
            self.resume_lost()
        else:
            self.start_wanted()

    def start_wanted(self, *, paused: bool = False) -> bool:
        """Start a run as it is composed now, if that makes sense; whether it does."""
        if self.draft.problem is not None:
            self.noticed.emit(Notice("learn", self.draft.problem.what, self.draft.problem.remedy))
            return False
        self.start_run(self.draft.config(), paused=paused)
        return True

    def pause(self) -> None:
        """Rest after the step under way."""
        self.trainer.send(m.Pause("run"))
        self._set_state("paused")

    def resume(self) -> None:
        """Go on."""
        self.trainer.send(m.Resume("run"))
        self._set_state("running")

    def step_once(self) -> None:
        """Make one training step and rest; without a run, make a new one that rests after its first step."""
        if self.run.active or self.start_wanted(paused=True):
            self.trainer.send(m.StepOnce("run"))
            self._set_state("paused")

    def stop_run(self) -> None:
        """Save and end the run."""
        self.trainer.send(m.Resume("run"))
        self.trainer.send(m.StopRun())

    def reset_run(self) -> None:
        """Begin anew with the configuration composed now, resting before the first step."""
        if self.start_wanted(paused=True):
            self._set_state("paused")

    def tune(self, key: str, value: Any) -> None:
        """Change a setting of the next run, and of the one under way, where it is a live one.

        Raises UnknownName or BadInput where the run under way cannot have it so; nothing is changed then.
        """
        if self.run.active:
            self.run.config = self.run.config.changed(key, value)
            self.trainer.send(m.Tune(key, value))
        self.compose({key: value})

    def compose(self, changes: Mapping[str, Any]) -> None:
        """Change settings of the next run, all at once."""
        self.draft.change(changes)
        self.run_changed.emit()

    def watch(self, layer: int, row: int, column: int) -> None:
        """Follow one weight in the coming frames; row -1 follows none."""
        self._watching = m.Watch(layer, row, column)
        self.trainer.send(self._watching)

    def resume_lost(self) -> None:
        """After the trainer died: ask again for what was starting, else go on from the last save, or begin anew."""
        if self._asked is not None:
            self._ask(self._asked)
        elif self.run.saved is not None:
            self.continue_run(self.run.saved.path)
        else:
            self.start_run(self.run.config)

    def restart_trainer(self) -> None:
        """Start the trainer again where it died; whoever asks for a run asks for it."""
        if "trainer" in self.gone:
            self.gone.discard("trainer")
            self.tell("trainer")
            self.trainer.start()
            self.children_changed.emit()

    def give_way(self) -> None:
        """Rest after the step under way until `go_on`, for another's turn; the run is `waiting` once it does."""
        if self.run.state in ("running", "evaluating", "saving"):
            self.trainer.send(m.Pause("run"))
            self._set_state("yielding")

    def go_on(self) -> None:
        """The other's turn is over."""
        if self.run.state in ("yielding", "waiting"):
            self.resume()

    def _set_state(self, state: Literal["running", "paused", "yielding"]) -> None:
        if self.run.active:
            self.run.state = state
            self.run_changed.emit()

    # ------------------------------------------------------------ playhead

    @property
    def live(self) -> bool:
        """Whether the pages show the newest moment."""
        return self.playhead is None

    def scrub(self, index: int) -> None:
        """Show a recorded moment, by its index in the history."""
        steps = self.run.history.steps()
        if steps.size:
            self.playhead = int(steps[max(0, min(index, steps.size - 1))])
            self.moment_changed.emit()

    def go_live(self) -> None:
        """Show the newest moment again, and follow."""
        self.playhead = None
        self.moment_changed.emit()

    def _leave_the_past(self) -> None:
        if not self.live:
            self.go_live()

    def moment(self) -> Moment | None:
        """What is to be shown now: the newest recorded moment, or the one under the playhead."""
        history = self.run.history
        return history.moment(self.moment_index) if len(history) else None

    @property
    def moment_index(self) -> int:
        """Index in the history of what is to be shown now."""
        history = self.run.history
        return max(0, len(history) - 1) if self.playhead is None else history.nearest(self.playhead)

    def show_page(self, name: str) -> None:
        """A page came to the front; the Learn page's frames slow down while it is hidden."""
        self.visible_page = self.settings.page = name
        if name == "learn":
            self._credit.give()

    # ------------------------------------------------------------ what the trainer says

    def _trainer_said(self, event: m.Event) -> None:
        match event:
            case m.ChildReady():
                self._child_ready("trainer", event)
            case m.RunStarted():
                self._run_started(event)
            case m.Frame():
                self._show(event)
            case m.RunPast():
                self.run.take_past(event)
                self.run_changed.emit()
            case m.Scored():
                self.run.score(event)
                self.scored.emit(event)
            case m.Snapshot():
                self.snapshot.emit(event)
            case m.Failed():
                if event.command in STARTS:
                    self._run_refused()
                self.noticed.emit(Notice("learn", event.what, event.remedy))
            case m.Crashed():
                self.noticed.emit(notices.crash("learn", "Training", event))
                if event.command in STARTS:
                    self._run_refused()
            case m.NotSaved():
                self._not_saved(event)
            case m.RunState() | m.Tuned() | m.Saved() | m.Done("run"):
                self._run_told(event)

    def _run_told(self, event: m.RunState | m.Tuned | m.Saved | m.Done) -> None:
        match event:
            case m.RunState() if self._asked is None:  # else it is of the run before, which is left
                self.run.become(event)
            case m.Tuned():
                self.run.tune(event)
            case m.Saved():
                self.run.save(event)
            case m.Done() if self._asked is None and self.run.active:
                self.run.state = "finished"
        self.run_changed.emit()

    def _run_refused(self) -> None:
        """No run is under way in the trainer: what is seen is still the run before the one that was asked for."""
        if self._asked is not None:
            self.run.state, self.run.config = self._before
            self._asked = None
        elif self.run.active:
            self.run.state = "stopped"
        self.run_changed.emit()

    def _not_saved(self, refused: m.NotSaved) -> None:
        """Told once, however often it is tried again; the status line says that it still holds."""
        before, self.run.refused = self.run.refused, refused
        if before != refused:
            self.noticed.emit(notices.not_saved(refused))
        self.run_changed.emit()

    def _run_started(self, event: m.RunStarted) -> None:
        self._asked = None
        another = event.run != self.run.name
        if another:
            self._leave_the_past()  # the moment under the playhead was one of the run before
        if not another and self._watching is not None:
            self.trainer.send(self._watching)  # it may be another trainer, which has not heard of it
        self.run.begin(event)
        self._credit.begin()
        self.run_began.emit(another)
        log.info("run %s in %s", event.run, event.folder)
        self.run_changed.emit()

    def _show(self, frame: m.Frame) -> None:
        if frame.run != self.run.name:
            return
        self.run.show(frame)
        self._credit.owe(frame.seq, seen=self.visible_page == "learn")
        self.frame_arrived.emit(frame)

    def _child_ready(self, child: str, event: m.ChildReady) -> None:
        self.ready[child] = True
        self.versions |= event.versions
        log.info("%s ready, pid %d", child, event.pid)
        self.children_changed.emit()

    def tell(self, child: str, notice: Notice | None = None) -> None:
        """What there is to say of a child, if anything; what was said of it before no longer holds."""
        before = self._standing.pop(child, None)
        if before is not None:
            self.withdrawn.emit(before.what)
        if notice is not None:
            self._standing[child] = notice
            self.noticed.emit(notice)

    def _trainer_silent(self, is_silent: bool) -> None:
        answers = Notice("learn", "The trainer answers again.")
        self.tell("trainer", notices.silent("learn", "The trainer", "end-trainer") if is_silent else answers)

    def _trainer_died(self, death: Death) -> None:
        could_start, self.ready["trainer"] = self.ready["trainer"], False
        if self.run.active:
            self.gone.add("trainer")
            self.run.state, self.run.why = "lost", death.reason
            lost = notices.run_lost(death, self.run.saved) if self._asked is None else notices.start_lost(death)
            self.tell("trainer", lost)
        elif could_start:
            self.trainer.start()
            self.tell("trainer", notices.trainer_again(death))
        else:
            self.gone.add("trainer")
            self.tell("trainer", notices.trainer_unable(death))
        self.run_changed.emit()
        self.children_changed.emit()
