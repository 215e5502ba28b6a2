"""The models that can be chosen: shipped, recent, opened and in training; which is in use, which are loaded."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from PySide6.QtCore import SignalInstance

from app.link import Channel
from app.settings import Settings
from engine import messages as m
from engine.errors import BadInput
from engine.labs import Source
from engine.runs import LAST

TRAINING = "training"
"""Key of the model "the network in training"."""
DRAWN = "mnist-cnn-canvas"
"""Title of the shipped model that reads what people draw, in use until another is chosen."""
TWIN = "twin"
"""Key of the ordinary float twin, the comparison model."""


@dataclass(frozen=True)
class ModelChoice:
    """A model that can be chosen: its key, what the list shows, and its file ("" for the one in training)."""

    key: str
    title: str
    path: str


class ModelsList:
    """The choices, the key of the one in use, and what the inference worker said of those it has loaded.

    `changed` is emitted when a choice or what is known of one changes, `chosen` when the model in use does.
    """

    def __init__(self, inference: Channel, settings: Settings, changed: SignalInstance, chosen: SignalInstance) -> None:
        self._inference, self._settings = inference, settings
        self._changed, self._chosen = changed, chosen
        self.choices: list[ModelChoice] = shipped_models() + _recent(settings)
        self.infos: dict[str, m.ModelInfo] = {}
        self.key = next((choice.key for choice in self.choices if choice.title == DRAWN), "")
        self._snapshot: m.Snapshot | None = None
        self._loading: deque[str] = deque()  # the runs of the snapshots that the worker has not answered yet
        self._loaded_run = ""
        self._opened: set[str] = set()  # files that a person opened and the worker has not answered yet

    @property
    def model(self) -> m.ModelInfo | None:
        """The model in use, once it is loaded."""
        return self.infos.get(self.key)

    def load(self) -> None:
        """Have a fresh inference worker load the model in use, the twin and the network in training."""
        for choice in self.choices:
            if choice.key == self.key and choice.path:
                self._inference.send(m.LoadModel(choice.key, choice.path))
        for twin in shipped("-float")[:1]:
            self._inference.send(m.LoadModel(TWIN, twin))
        self.load_snapshot()

    def select(self, key: str) -> None:
        """Use a model of the list; it is loaded if it was not yet."""
        self.key = key
        choice = next((c for c in self.choices if c.key == key), None)
        if choice is not None and choice.path and key not in self.infos:
            self._inference.send(m.LoadModel(key, choice.path))
        self._chosen.emit()

    def open(self, path: str) -> None:
        """Have a file loaded, also one that is on the list: it may hold another network by now. It is used then."""
        self._opened.add(path)
        self._inference.send(m.LoadModel(path, path))

    def loaded(self, info: m.ModelInfo) -> None:
        """The worker has loaded a model; one that was opened is used, and added where it was not on the list."""
        self.infos[info.key] = info
        self._name_by(info)
        if info.key == TRAINING:
            self._loaded_run = self._answered()
        elif info.key in self._opened:
            self._use_opened(info)
        self._changed.emit()
        if info.key == self.key:
            self._chosen.emit()

    def _use_opened(self, info: m.ModelInfo) -> None:
        self._opened.discard(info.key)
        if all(choice.key != info.key for choice in self.choices):
            self.choices.append(ModelChoice(info.key, info.name, info.key))
        if info.key not in shipped(""):  # those are on the list anyway
            self._settings.remember_model(info.key)
        self.key = info.key

    def _name_by(self, info: m.ModelInfo) -> None:
        """Runs call all their saves alike: such a file is listed by what it says of itself."""
        if Path(info.key).name == LAST:
            self.choices = [replace(one, title=info.name) if one.key == info.key else one for one in self.choices]

    def refused(self, key: str) -> None:
        """A file that cannot be loaded leaves the list; where it was to be used, one that is loaded is."""
        if key == TRAINING:
            self._answered()
        self._opened.discard(key)
        self.choices = [choice for choice in self.choices if choice.key != key or choice.key == TRAINING]
        if key in self._settings.recent_models:
            self._settings.recent_models.remove(key)
        if key == self.key:
            self.key = next((choice.key for choice in self.choices if choice.key in self.infos), "")
            self._chosen.emit()
        self._changed.emit()

    def worker_gone(self) -> None:
        """Nothing can be asked of a model until it is loaded again."""
        self.infos.clear()
        self._loading.clear()
        self._opened.clear()

    def source(self, key: str) -> Source:
        """What a lab reads a model from: its file, or for the network in training its newest snapshot; "" for "".

        Raises BadInput where there is no snapshot yet.
        """
        if key != TRAINING:
            return key
        if self._snapshot is None:
            raise BadInput("The network in training has not been scored yet.", "Wait for its first score on Learn.")
        return self._snapshot.data

    # ------------------------------------------------------------ the network in training

    def add_training(self) -> None:
        """Offer the network in training."""
        if all(choice.key != TRAINING for choice in self.choices):
            self.choices.append(ModelChoice(TRAINING, "the network in training", ""))
            self._changed.emit()

    def keep(self, snapshot: m.Snapshot) -> None:
        """Remember the newest snapshot, for this worker or the next one."""
        self._snapshot = snapshot

    def load_snapshot(self) -> None:
        """Have the worker load the newest snapshot, if there is one."""
        if self._snapshot is not None:
            self._loading.append(self._snapshot.run)
            self._inference.send(m.LoadModel(TRAINING, data=self._snapshot.data))

    def is_of(self, run: str) -> bool:
        """Whether the network loaded as the one in training is of this run, as far as is known."""
        return self._loaded_run in ("", run)

    def _answered(self) -> str:
        """The run of the snapshot that the worker has just answered: it loads them in order."""
        return self._loading.popleft() if self._loading else ""


def shipped_models() -> list[ModelChoice]:
    """The packed models that come with the program."""
    found = [path for path in map(Path, shipped("")) if not path.stem.endswith("-float")]
    return [ModelChoice(str(path), path.stem, str(path)) for path in found]


def shipped(suffix: str) -> list[str]:
    """The files of models that come with the program and whose name ends so, e.g. "-float"."""
    return sorted(map(str, _folder().glob(f"*{suffix}.safetensors")), key=lambda path: Path(path).stem)


def _folder() -> Path:
    return Path(str(files("assets"))) / "models"


def _recent(settings: Settings) -> list[ModelChoice]:
    return [ModelChoice(path, _title(Path(path)), path) for path in settings.recent_models if os.path.isfile(path)]


def _title(path: Path) -> str:
    """What a model file is listed as before it says itself; of a run's newest save, the run's folder."""
    return path.parent.name if path.name == LAST else path.stem
