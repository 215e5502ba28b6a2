"""The single source of truth of the window: run, model, mode, playhead; pages listen to it and poke it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from app.link import Channel, Death, end_all
from app.run_view import RunView
from app.settings import Settings
from engine import messages as m
from engine import paths
from engine.config import RunConfig
from engine.history import Moment

log = logging.getLogger(__name__)

TRAINING = "training"
"""Key of the model "the network in training"."""
TWIN = "twin"
"""Key of the ordinary float twin, the comparison model."""
HIDDEN_ACK_MS = 1000

Mode = Literal["float", "xnor"]


@dataclass(frozen=True)
class ModelChoice:
    """A model that can be chosen: its key, what the list shows, and its file ("" for the one in training)."""

    key: str
    title: str
    path: str


@dataclass(frozen=True)
class Notice:
    """Something to say on one page ("draw", "learn", "kernels" or "" for all): what happened, what to do."""

    page: str
    what: str
    remedy: str = ""
    action: Literal["", "resume-run", "restart-trainer", "restart-inference", "report"] = ""
    report: str = ""


class Session(QObject):
    """State and the commands that change it. Emits only in the window's thread.

    Signals carry the new value where there is one; everything can also be read from the attributes.
    """

    backends_changed = Signal()
    models_changed = Signal()
    model_changed = Signal()
    prediction = Signal(object)
    prepared = Signal(object)
    mode_changed = Signal()
    run_changed = Signal()
    frame_arrived = Signal(object)
    scored = Signal(object)
    moment_changed = Signal()
    evaluation_changed = Signal(str)
    progress = Signal(object)
    bench = Signal(object)
    bench_changed = Signal()
    children_changed = Signal()
    noticed = Signal(object)

    def __init__(
        self,
        trainer: Channel,
        inference: Channel,
        make_job: Callable[[], Channel],
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self.trainer, self.inference, self._make_job = trainer, inference, make_job
        self.job: Channel | None = None
        self.ready: dict[str, bool] = {"trainer": False, "inference": False}
        self.versions: dict[str, str] = {}
        self.backends: tuple[m.BackendInfo, ...] = ()
        self.models: list[ModelChoice] = shipped_models() + _recent(settings)
        self.infos: dict[str, m.ModelInfo] = {}
        self.model_key = self.models[0].key if self.models else ""
        self.mode: Mode = "float" if settings.mode == "float" else "xnor"
        self.run = RunView()
        self.playhead: int | None = None  # a step, since indices move when the history is thinned
        self.evaluations: dict[str, m.Evaluation] = {}
        self.gone: set[str] = set()
        """Children that died and were not started again."""
        self.visible_page = settings.page
        self.benching = False
        self._resume_after_bench = False
        self._request = 0
        self._in_flight: int | None = None
        self._waiting_image: m.Image | None = None
        self._waiting_picture = ""
        self._evaluating: str | None = None
        self._evaluate_next: str | None = None
        self._snapshot = b""
        self._watching: m.Watch | None = None
        self._unacknowledged: int | None = None
        self._hidden_ack = QTimer(self, singleShot=True, interval=HIDDEN_ACK_MS)
        self._hidden_ack.timeout.connect(self._acknowledge)
        trainer.said.connect(self._trainer_said)
        trainer.died.connect(self._trainer_died)
        inference.said.connect(self._inference_said)
        inference.died.connect(self._inference_died)

    # ------------------------------------------------------------ children

    def start(self) -> None:
        """Start both long-lived children and load the model."""
        self.inference.start()
        self._greet_inference()
        self.trainer.start()

    def end(self) -> None:
        """End every child; at most three seconds."""
        if self.job is not None:
            self.job.end(0.0)  # a benchmark has nothing to save
        end_all([self.trainer, self.inference])
        self.run.history.close()

    def restart_inference(self) -> None:
        """Start the inference worker again after it died."""
        self.gone.discard("inference")
        self.inference.start()
        self._greet_inference()
        self.children_changed.emit()

    def restart_trainer(self) -> None:
        """Start the trainer again after it died."""
        self.gone.discard("trainer")
        self.trainer.start()
        self.children_changed.emit()

    def _greet_inference(self) -> None:
        self.inference.send(m.ListBackends())
        for choice in self.models:
            if choice.key == self.model_key and choice.path:
                self.inference.send(m.LoadModel(choice.key, choice.path))
        twin = _shipped("float")
        if twin:
            self.inference.send(m.LoadModel(TWIN, twin))
        if self._snapshot:
            self.inference.send(m.LoadModel(TRAINING, data=self._snapshot))

    # ------------------------------------------------------------ models and drawing

    @property
    def model(self) -> m.ModelInfo | None:
        """The model that Draw uses, once it is loaded."""
        return self.infos.get(self.model_key)

    def select_model(self, key: str) -> None:
        """Use a model of the list; it is loaded if it was not yet."""
        if key == self.model_key:
            return
        self.model_key = key
        choice = next((c for c in self.models if c.key == key), None)
        if choice is not None and choice.path and key not in self.infos:
            self.inference.send(m.LoadModel(key, choice.path))
        self.model_changed.emit()
        self._want_evaluation(key)

    def open_model(self, path: str) -> None:
        """Add a model file to the list and use it; a bad file is answered by a notice and changes nothing."""
        self.inference.send(m.LoadModel(path, path))

    def open_picture(self, path: str) -> None:
        """Bring a picture file to the input of the model in use, once that is loaded; answered by `prepared`."""
        if self.model is None:
            self._waiting_picture = path
            return
        self._request += 1
        self.inference.send(m.Prepare(self._request, path, self.model_key))

    def predict(self, image: m.Image | None) -> None:
        """Score an image u8 [H, W, C]; None for an empty canvas. Latest only: one is in flight, one may wait."""
        if image is None:
            self._waiting_image = None
            self._in_flight = None
            self.prediction.emit(None)
        elif self._in_flight is None:
            self._send_prediction(image)
        else:
            self._waiting_image = image

    def _send_prediction(self, image: m.Image) -> None:
        if self.model is None:
            return
        self._request += 1
        self._in_flight = self._request
        self.inference.send(m.Predict(self._request, self.model_key, image))

    def set_mode(self, mode: Mode) -> None:
        """Choose what evaluates: the float or the packed form of the same network."""
        if mode != self.mode:
            self.mode = self.settings.mode = mode
            self.mode_changed.emit()

    def set_backend(self, name: str) -> None:
        """Choose which ready backend "XNOR" means."""
        self.settings.backend = name
        self.mode_changed.emit()
        self._want_evaluation(self.strip_key)

    @property
    def xnor_backend(self) -> m.BackendInfo | None:
        """The backend that "XNOR" means: the chosen one if it is ready, else the best that is."""
        able = [b for b in self.backends if b.kind == "xnor" and b.ready]
        chosen = [b for b in able if b.name == self.settings.backend]
        return chosen[0] if chosen else max(able, key=lambda b: b.rank, default=None)

    @property
    def float_backend(self) -> m.BackendInfo | None:
        """The backend that "Float" means."""
        able = [b for b in self.backends if b.kind == "float" and b.ready]
        return max(able, key=lambda b: b.rank, default=None)

    @property
    def active_backend(self) -> str:
        """Name of the backend that evaluates in the present mode, or "" before any is known."""
        info = self.float_backend if self.mode == "float" else self.xnor_backend
        return info.name if info else ""

    # ------------------------------------------------------------ evaluation strip

    @property
    def strip_key(self) -> str:
        """Key of the model that the Float | XNOR strip shows: the one in training, else the one in use."""
        known = TRAINING in self.infos or TRAINING in self.evaluations
        return TRAINING if known and self.run.name else self.model_key

    def _want_evaluation(self, key: str) -> None:
        """Evaluate a model by float and XNOR; latest only, one after another."""
        if self._evaluating is not None:
            self._evaluate_next = key
            return
        names = [b.name for b in (self.float_backend, self.xnor_backend) if b is not None]
        info = self.infos.get(key)
        if info is None or not names:
            return
        if info.form == "float":
            names = names[:1]
        self._evaluating = key
        command = m.EvaluateTwin if key == TWIN else m.Evaluate
        self.inference.send(command(key, tuple(names)))

    def _evaluation_over(self) -> None:
        self._evaluating = None
        following, self._evaluate_next = self._evaluate_next, None
        if following is not None:
            self._want_evaluation(following)
        elif TWIN in self.infos and TWIN not in self.evaluations:
            self._want_evaluation(TWIN)

    # ------------------------------------------------------------ the run

    def start_run(self, config: RunConfig, *, paused: bool = False) -> None:
        """Train from the beginning; a run under way is saved and ended first."""
        self._run_asked(config)
        self.trainer.send(m.StartRun(config, str(paths.runs_dir()), paused))

    def continue_run(self, path: str) -> None:
        """Train on from a checkpoint; a run under way is saved and ended first."""
        self._run_asked(self.run.config)
        self.trainer.send(m.ContinueRun(path))

    def _run_asked(self, config: RunConfig) -> None:
        self.settings.run = config.to_json()
        self.run.state, self.run.why, self.run.config = "starting", "", config
        self.playhead = None
        self._unacknowledged = None
        self.run_changed.emit()

    def toggle_run(self) -> None:
        """Start, pause or resume, whichever makes sense."""
        if self.run.moving:
            self.pause()
        elif self.run.state == "paused":
            self.resume()
        elif self.run.state == "lost":
            self.resume_lost()
        else:
            self.start_run(self.wanted_config())

    def wanted_config(self) -> RunConfig:
        """The config that Run would train with: the last one used, or the defaults where that is broken."""
        try:
            return RunConfig.from_json(self.settings.run)
        except Exception as error:  # whatever an old settings file holds must not keep a person from training
            log.warning("the remembered run configuration is not usable (%s); using the defaults", error)
            self.settings.run = {}
            return RunConfig()

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
        if not self.run.active:
            self.start_run(self.wanted_config(), paused=True)
        self.trainer.send(m.StepOnce("run"))
        self._set_state("paused")

    def stop_run(self) -> None:
        """Save and end the run."""
        self.trainer.send(m.Resume("run"))
        self.trainer.send(m.StopRun())

    def reset_run(self) -> None:
        """Begin anew with the configuration wanted now, resting before the first step."""
        self.start_run(self.wanted_config(), paused=True)
        self._set_state("paused")

    def tune(self, key: str, value: Any) -> None:
        """Change a live setting: of the run under way, and of the next one."""
        self.settings.run = self.wanted_config().changed(key, value).to_json()
        if self.run.active:
            self.trainer.send(m.Tune(key, value))

    def watch(self, layer: int, row: int, column: int) -> None:
        """Follow one weight in the coming frames; row -1 follows none."""
        self._watching = m.Watch(layer, row, column)
        self.trainer.send(self._watching)

    def resume_lost(self) -> None:
        """After the trainer died: start it again and go on from the last save, or from the beginning."""
        self.restart_trainer()
        if self.run.saved is not None:
            self.continue_run(self.run.saved.path)
        else:
            self.start_run(self.run.config)

    def _set_state(self, state: Literal["running", "paused"]) -> None:
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
            self._acknowledge()

    def _acknowledge(self) -> None:
        if self._unacknowledged is not None:
            seq, self._unacknowledged = self._unacknowledged, None
            self.trainer.send(m.Ack(seq))

    # ------------------------------------------------------------ kernels page

    def start_bench(self, command: m.BenchGemm | m.BenchNet | m.BenchConv) -> None:
        """Run a benchmark in a job child; training rests meanwhile."""
        self.cancel_bench()
        self._resume_after_bench = self.run.moving
        if self._resume_after_bench:
            self.pause()
        self.job = self._make_job()
        self.job.said.connect(self._job_said)
        self.job.died.connect(self._job_died)
        self.job.start()
        self.job.send(command)
        self.benching = True
        self.bench_changed.emit()

    def cancel_bench(self) -> None:
        """End the benchmark under way, if there is one."""
        if self.benching:
            self._bench_over()

    def _bench_over(self) -> None:
        self.benching = False
        if self.job is not None:
            self.job.end(0.2)
            self.job = None
        if self._resume_after_bench:
            self._resume_after_bench = False
            self.resume()
        self.bench_changed.emit()

    # ------------------------------------------------------------ what the children say

    def _trainer_said(self, event: m.Event) -> None:
        match event:
            case m.ChildReady():
                self._child_ready("trainer", event)
            case m.RunStarted():
                self._run_started(event)
            case m.RunState():
                self.run.state, self.run.why = event.state, event.why
                self.run_changed.emit()
            case m.Tuned():
                self.run.config = event.config
                self.run_changed.emit()
            case m.Frame():
                self._show(event)
            case m.Scored():
                self.run.score(event)
                self.scored.emit(event)
            case m.Snapshot():
                self._snapshot = event.data
                if "inference" not in self.gone:
                    self.inference.send(m.LoadModel(TRAINING, data=event.data))
            case m.Saved():
                self.run.saved = event
                self.run_changed.emit()
            case m.Done("run") if self.run.active:
                self.run.state = "finished"
                self.run_changed.emit()
            case m.Failed():
                if event.command in ("StartRun", "ContinueRun"):
                    self.run.state = "none"
                    self.run_changed.emit()
                self.noticed.emit(Notice("learn", event.what, event.remedy))
            case m.Crashed():
                self._crashed("learn", "Training", event)
                self.run.state = "stopped"
                self.run_changed.emit()

    def _run_started(self, event: m.RunStarted) -> None:
        """Give the first credit of a run; what was scored of another is not shown as this one's."""
        if event.run != self.run.name:
            self.evaluations.pop(TRAINING, None)
        elif self._watching is not None:
            self.trainer.send(self._watching)  # it may be another trainer, which has not heard of it
        self.run.begin(event)
        self._unacknowledged = None
        self.trainer.send(m.Ack(-1))
        if all(choice.key != TRAINING for choice in self.models):
            self.models.append(ModelChoice(TRAINING, "the network in training", ""))
            self.models_changed.emit()
        log.info("run %s in %s", event.run, event.folder)
        self.run_changed.emit()

    def _show(self, frame: m.Frame) -> None:
        if frame.run != self.run.name:
            return
        self.run.show(frame)
        self._unacknowledged = frame.seq
        if self.visible_page == "learn":
            self._acknowledge()
        elif not self._hidden_ack.isActive():
            self._hidden_ack.start()
        self.frame_arrived.emit(frame)

    def _inference_said(self, event: m.Event) -> None:
        match event:
            case m.ChildReady():
                self._child_ready("inference", event)
            case m.BackendList():
                self.backends = event.rows
                self.backends_changed.emit()
                self.mode_changed.emit()
            case m.ModelLoaded():
                self._model_loaded(event.info)
            case m.Prepared():
                self.prepared.emit(event)
            case m.Prediction():
                self._predicted(event)
            case m.Evaluation():
                self.evaluations[event.key] = event
                self.evaluation_changed.emit(event.key)
            case m.Progress():
                self.progress.emit(event)
            case m.Done("evaluate" | "twin"):
                self._evaluation_over()
            case m.Failed():
                self._inference_failed(event)
            case m.Crashed():
                self._send_waiting()
                self._crashed("draw", "Inference", event)

    def _model_loaded(self, info: m.ModelInfo) -> None:
        self.infos[info.key] = info
        opened = info.key not in (TRAINING, TWIN) and all(c.key != info.key for c in self.models)
        if opened:
            self.models.append(ModelChoice(info.key, info.name, info.key))
            self.settings.remember_model(info.key)
            self.model_key = info.key
        self.models_changed.emit()
        if info.key == self.model_key:
            self.model_changed.emit()
            self._open_waiting_picture()
        if info.key == self.strip_key:
            self._want_evaluation(info.key)

    def _open_waiting_picture(self) -> None:
        path, self._waiting_picture = self._waiting_picture, ""
        if path:
            self.open_picture(path)

    def _model_refused(self, key: str) -> None:
        """A file that cannot be loaded leaves the list; where it was to be used, one that is loaded is."""
        self.models = [choice for choice in self.models if choice.key != key or choice.key == TRAINING]
        if key in self.settings.recent_models:
            self.settings.recent_models.remove(key)
        if key == self.model_key:
            self.model_key = next((choice.key for choice in self.models if choice.key in self.infos), "")
            self.model_changed.emit()
            if self.model is not None:
                self._open_waiting_picture()
        self.models_changed.emit()

    def _predicted(self, event: m.Prediction) -> None:
        if event.request != self._in_flight:
            return
        self.prediction.emit(event)
        self._send_waiting()

    def _send_waiting(self) -> None:
        """Nothing is in flight any more: send what was drawn meanwhile."""
        self._in_flight = None
        image, self._waiting_image = self._waiting_image, None
        if image is not None:
            self._send_prediction(image)

    def _inference_failed(self, event: m.Failed) -> None:
        if event.command in ("Evaluate", "EvaluateTwin"):
            self._evaluation_over()
        if event.command == "Predict":
            self._send_waiting()
        if event.command == "LoadModel":
            self._model_refused(event.key)
        whose = f"{Path(event.key).name}: " if event.command == "LoadModel" and event.key != TRAINING else ""
        self.noticed.emit(Notice("draw", f"{whose}{event.what}", event.remedy))

    def _child_ready(self, child: str, event: m.ChildReady) -> None:
        self.ready[child] = True
        self.versions |= event.versions
        log.info("%s ready, pid %d", child, event.pid)
        self.children_changed.emit()

    def _job_said(self, event: m.Event) -> None:
        match event:
            case m.Done("job"):
                self._bench_over()
            case m.Failed():
                self.noticed.emit(Notice("kernels", event.what, event.remedy))
            case m.Crashed():
                self._crashed("kernels", "The benchmark", event)
            case _:
                self.bench.emit(event)

    # ------------------------------------------------------------ what goes wrong

    def _crashed(self, page: str, who: str, event: m.Crashed) -> None:
        log.error("%s: %s failed\n%s", who, event.command, event.report)
        what = f"{who} met an unexpected error; the rest goes on."
        self.noticed.emit(Notice(page, what, "Copy the report and send it to us.", "report", event.report))

    def _trainer_died(self, death: Death) -> None:
        could_start, self.ready["trainer"] = self.ready["trainer"], False
        if self.run.active:
            self.gone.add("trainer")
            self.run.state, self.run.why = "lost", death.reason
            at = self.run.saved
            remedy = f"Resume from the save at step {at.step:,}." if at else "Start it again from the beginning."
            self.noticed.emit(
                Notice("learn", f"The trainer is gone: {death.reason}.", remedy, "resume-run", death.last_words)
            )
        elif could_start:
            self.trainer.start()
        else:
            self.gone.add("trainer")
            what = f"The trainer could not start: {death.reason}."
            self.noticed.emit(
                Notice("learn", what, "Its last words are in the report.", "restart-trainer", death.last_words)
            )
        self.run_changed.emit()
        self.children_changed.emit()

    def _inference_died(self, death: Death) -> None:
        self.ready["inference"] = False
        self.gone.add("inference")
        self.infos.clear()  # nothing can be asked of a model until it is loaded again
        self._evaluating = self._evaluate_next = None
        self.predict(None)
        self.children_changed.emit()
        what = f"The inference worker is gone: {death.reason}."
        self.noticed.emit(Notice("draw", what, "Start it again.", "restart-inference", death.last_words))

    def _job_died(self, death: Death) -> None:
        self.noticed.emit(Notice("kernels", f"The benchmark is gone: {death.reason}.", "Run it again."))
        self._bench_over()


def shipped_models() -> list[ModelChoice]:
    """The packed models that come with the program."""
    folder = Path(str(files("assets"))) / "models"
    found = sorted(folder.glob("*.safetensors"))
    return [ModelChoice(str(p), p.stem, str(p)) for p in found if not p.stem.endswith("-float")]


def _shipped(suffix: str) -> str:
    folder = Path(str(files("assets"))) / "models"
    return next((str(p) for p in sorted(folder.glob(f"*-{suffix}.safetensors"))), "")


def _recent(settings: Settings) -> list[ModelChoice]:
    return [ModelChoice(path, Path(path).stem, path) for path in settings.recent_models if Path(path).is_file()]
