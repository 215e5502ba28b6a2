"""The single source of truth of the window: run, model, mode, playhead; pages listen to it and poke it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app import notices
from app.backend_choice import BackendChoice, Mode
from app.evaluator import Evaluator
from app.exporter import Exporter
from app.jobs import Jobs
from app.left_out import LeftOut
from app.link import Channel, Death, end_all
from app.models_list import TRAINING, TWIN, ModelChoice, ModelsList
from app.notices import Notice
from app.predictor import Predictor
from app.race import Race
from app.run_library import RunLibrary
from app.run_session import RunSession
from app.settings import Settings
from app.tray import Tray
from app.wearing import Wearing
from engine import messages as m
from engine.labs import Source

__all__ = ["TRAINING", "TWIN", "Mode", "ModelChoice", "Notice", "Session"]


class Session(RunSession):
    """State and the commands that change it. Emits only in the window's thread.

    Signals carry the new value where there is one; everything can also be read from the attributes. The run is the
    base's; here are the models, what draws with them and scores them, and the jobs.
    """

    backends_changed = Signal()
    models_changed = Signal()
    model_changed = Signal()
    prediction = Signal(object)
    prepared = Signal(object)
    mode_changed = Signal()
    evaluation_changed = Signal(str)
    progress = Signal(object)

    def __init__(
        self,
        trainer: Channel,
        inference: Channel,
        make_job: Callable[[m.World], Channel],
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(trainer, settings, parent)
        self.inference = inference
        self.seen: m.Image | None = None  # what the network last saw of the canvas
        self.mode: Mode = "float" if settings.mode == "float" else "xnor"
        self._backends = BackendChoice(settings)
        self._models = ModelsList(inference, settings, self.models_changed, self.model_changed)
        self.wearing = Wearing(inference, self._models, self)
        self.model_changed.connect(self.wearing.ask)
        self._predictor = Predictor(inference, self._models, self.prediction)
        self._evaluator = Evaluator(
            inference, self._models, self._backends, self._stale, lambda: self.run.moving, self.evaluation_changed
        )
        self.run_changed.connect(self._evaluator.run_changed)
        self._left_out = LeftOut(self._backends)
        self.jobs = Jobs(make_job, self, self._left_out)
        self.race = Race(self.jobs, self)
        self.library = RunLibrary(inference, self)
        self.exporter = Exporter(inference, self._models, self)
        self.tray = Tray(inference, self._models, self)
        self.run_began.connect(self._run_began)
        self.snapshot.connect(self._snapshot_arrived)
        inference.said.connect(self._inference_said)
        inference.died.connect(self._inference_died)
        self.inference.silent.connect(self._inference_silent)

    # ------------------------------------------------------------ children

    def start(self) -> None:
        """Start both long-lived children and load the model."""
        self._start_inference()
        self.trainer.start()

    def end(self) -> None:
        """End every child; at most three seconds."""
        self.jobs.end()
        end_all([self.trainer, self.inference])
        self.run.history.close()

    def restart_inference(self) -> None:
        """Start the inference worker again where it died."""
        if "inference" in self.gone:
            self.gone.discard("inference")
            self.tell("inference")
            self._start_inference()
            self.children_changed.emit()

    def readmit_backends(self) -> None:
        """Try the backends that were left out again."""
        self._left_out.readmit(self.inference)
        self.inference.send(m.ListBackends())
        self.inference.send(m.SettleBackends())

    def _start_inference(self) -> None:
        self.inference.start()
        self._left_out.tell(self.inference)
        self.inference.send(m.ListBackends())
        self._models.load()
        self.tray.load()
        self.inference.send(m.SettleBackends())

    # ------------------------------------------------------------ models

    @property
    def models(self) -> list[ModelChoice]:
        """The models that can be chosen."""
        return self._models.choices

    @models.setter
    def models(self, choices: list[ModelChoice]) -> None:
        self._models.choices = choices

    @property
    def model_key(self) -> str:
        """Key of the model in use, or "" where there is none."""
        return self._models.key

    @model_key.setter
    def model_key(self, key: str) -> None:
        self._models.key = key

    @property
    def infos(self) -> dict[str, m.ModelInfo]:
        """What is known of the loaded models, by key."""
        return self._models.infos

    @property
    def model(self) -> m.ModelInfo | None:
        """The model that Draw uses, once it is loaded."""
        return self._models.model

    def source(self, key: str) -> Source:
        """What a lab reads a model of the list from; "" for "". Raises BadInput."""
        return self._models.source(key)

    def select_model(self, key: str) -> None:
        """Use a model of the list; it is loaded if it was not yet."""
        if key != self.model_key:
            self._models.select(key)
            self._evaluator.want(key)

    def open_model(self, path: str) -> None:
        """Add a model file to the list and use it; a bad file is answered by a notice and changes nothing."""
        self._models.open(path)

    # ------------------------------------------------------------ drawing

    def open_picture(self, path: str, *, again: bool = False) -> None:
        """Bring a picture file to the input of the model in use, once that is loaded; answered by `prepared`.

        again: it is shown, as it was prepared for another model.
        """
        self._predictor.open_picture(path, again=again)

    def predict(self, image: m.Image | None, *, passing: bool = False) -> None:
        """Score an image u8 [H, W, C]; None for an empty canvas. Latest only: one is in flight, one may wait.

        passing: the pen is still moving, so that the slow backends need not answer.
        """
        self.seen = image
        if passing:
            self._evaluator.give_way()
        self._predictor.predict(image, passing=passing)

    def scrub(self, index: int) -> None:
        self._evaluator.give_way()
        super().scrub(index)

    # ------------------------------------------------------------ mode and backends

    def set_mode(self, mode: Mode) -> None:
        """Choose what evaluates: the float or the packed form of the same network."""
        if mode != self.mode:
            self.mode = self.settings.mode = mode
            self.mode_changed.emit()

    def set_backend(self, name: str) -> None:
        """Choose which ready backend "XNOR" means."""
        self.settings.backend = name
        self.mode_changed.emit()
        self._evaluator.want(self.strip_key)

    @property
    def backends(self) -> tuple[m.BackendInfo, ...]:
        """Every backend, ready or not."""
        return self._backends.rows

    @property
    def xnor_backend(self) -> m.BackendInfo | None:
        """The backend that "XNOR" means: the chosen one if it is ready, else the best that is."""
        return self._backends.xnor_backend

    @property
    def float_backend(self) -> m.BackendInfo | None:
        """The backend that "Float" means."""
        return self._backends.float_backend

    @property
    def active_backend(self) -> str:
        """Name of the backend that evaluates in the present mode, or "" before any is known."""
        return self._backends.active(self.mode)

    # ------------------------------------------------------------ evaluation strip

    @property
    def evaluations(self) -> dict[str, m.Evaluation]:
        """The newest evaluation of each model, by key."""
        return self._evaluator.evaluations

    @property
    def strip_key(self) -> str:
        """Key of the model that the Float | XNOR strip shows: the one in training, else the one in use."""
        known = TRAINING in self.infos or TRAINING in self.evaluations
        return TRAINING if known and self.run.name else self.model_key

    def _stale(self, key: str) -> bool:
        """Whether what is loaded under a key is still the network of the run before."""
        return key == TRAINING and not self._models.is_of(self.run.name)

    # ------------------------------------------------------------ what the children say

    def _run_began(self, another: bool) -> None:
        """What was scored of another run is not shown as this one's."""
        if another:
            self._evaluator.forget(TRAINING)
        self._models.add_training()

    def _snapshot_arrived(self, snapshot: m.Snapshot) -> None:
        self._models.keep(snapshot)
        if "inference" not in self.gone:
            self._models.load_snapshot()

    def _inference_said(self, event: m.Event) -> None:
        if self.library.take(event) or self.tray.take(event):
            return
        match event:
            case m.ChildReady():
                self._child_ready("inference", event)
            case m.BackendList():
                self._backends_told(event)
            case m.BackendLost():
                self._left_out.lost(event)
            case m.ModelLoaded():
                self._model_loaded(event.info)
            case m.Prepared():
                self.prepared.emit(event)
            case m.Prediction():
                self._predictor.take(event)
            case m.Worn():
                self.wearing.take(event)
            case m.Exported():
                self.exporter.take(event)
            case m.Evaluation():
                self._evaluator.take(event)
            case m.Progress():
                self.progress.emit(event)
            case m.Done("evaluate" | "twin"):
                self._evaluator.over()
            case m.Failed():
                self._inference_failed(event)
            case m.Crashed():
                self._predictor.send_waiting()
                self.noticed.emit(notices.crash("draw", "Inference", event))

    def _backends_told(self, event: m.BackendList) -> None:
        before, self._backends.rows = self.xnor_backend, event.rows
        self.backends_changed.emit()
        self.mode_changed.emit()
        if self.xnor_backend != before:
            self._evaluator.want(self.strip_key)

    def _model_loaded(self, info: m.ModelInfo) -> None:
        self.tray.reloaded(info.key)  # first, so that nothing is shown of the network that was called so before
        self._models.loaded(info)
        if info.key == self.model_key:
            self._predictor.open_waiting_picture()
        if info.key == self.strip_key:
            self._evaluator.want(info.key)

    def _inference_failed(self, event: m.Failed) -> None:
        if event.command == "Predict":
            self._predictor.send_waiting()
        if event.command == "LoadModel":
            self._models.refused(event.key)
            if self.model is not None:
                self._predictor.open_waiting_picture()
        whose = f"{Path(event.key).name}: " if event.command == "LoadModel" and event.key != TRAINING else ""
        self.noticed.emit(Notice("draw", f"{whose}{event.what}", event.remedy))

    def _inference_silent(self, is_silent: bool) -> None:
        answers = Notice("", "The inference worker answers again.")
        self.tell("inference", notices.silent("", "The inference worker", "end-inference") if is_silent else answers)

    def _inference_died(self, death: Death) -> None:
        """Where a device was the cause, its backend is the price; elsewhere a person decides whether to start again."""
        self.ready["inference"] = False
        self.gone.add("inference")
        self._models.worker_gone()
        self._evaluator.worker_gone()
        self.library.worker_gone()
        self.tray.worker_gone()
        self.predict(None)
        self.children_changed.emit()
        news = self._left_out.news(death)
        if news:
            self.restart_inference()
            for lost in news:
                self.noticed.emit(notices.backend_lost("draw", lost, death))
        else:
            self.tell("inference", notices.inference_gone(death))
