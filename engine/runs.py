"""The run folder: everything a training run leaves behind, written so that what is announced is never lost."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.config import RunConfig
from engine.errors import BadFile, FlipscopeError
from engine.files import CannotWrite, write_atomically
from engine.inference import modelfile
from engine.inference.network import Network

CONFIG, VERSIONS, CHANGES, METRICS, LAST = (
    "config.json",
    "versions.json",
    "changes.csv",
    "metrics.csv",
    "last.safetensors",
)
CHANGE_COLUMNS = ("step", "key", "value")
METRIC_COLUMNS = (
    "step",
    "epoch",
    "seconds",
    "learning_rate",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "flips",
)
"""One row an evaluation. The train columns are means since the row before; flips: signs flipped since, all layers."""


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on: canonical arrays, its settings as they are now, and how far it is.

    step, epoch, position: see training.loop.Place. seconds: of training so far. run: name of the run.
    """

    arrays: dict[str, NDArray[Any]]
    config: RunConfig
    step: int
    epoch: int
    position: int
    seconds: float
    run: str

    def to_bytes(self, network: Network) -> bytes:
        """A model file: the network, and this beside it."""
        extra = {key: getattr(self, key) for key in _FIELDS} | {"config": self.config.to_json()}
        return modelfile.to_bytes(network, self.arrays, extra)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read the training state of a model file. Raises BadFile where there is none, or it is not one of ours."""
        arrays, extra = modelfile.load_state(path)
        values: dict[str, Any] = {key: extra.get(key) for key in _FIELDS}
        if not all(kind(values[key]) for key, kind in _FIELDS.items()) or not isinstance(extra.get("config"), dict):
            raise BadFile(f"The training state in '{path}' is not complete.", "Resume from another checkpoint.")
        try:
            config = RunConfig.from_json(extra["config"])
        except (FlipscopeError, TypeError) as error:
            raise BadFile(f"The settings in '{path}' are not understood: {error}", "Resume another run.") from error
        return cls(arrays=dict(arrays), config=config, **values)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62


_FIELDS: dict[str, Callable[[object], bool]] = {
    "step": _is_count,
    "epoch": _is_count,
    "position": _is_count,
    "seconds": lambda value: isinstance(value, int | float) and 0 <= value < math.inf,
    "run": lambda value: isinstance(value, str),
}


@dataclass(frozen=True)
class RunFolder:
    """One run's folder. Every write is whole or not at all and raises CannotWrite where the disk refuses."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def last(self) -> Path:
        """The newest save, which a run is resumed from."""
        return self.path / LAST

    @classmethod
    def create(cls, root: Path, config: RunConfig, versions: Mapping[str, str], now: datetime) -> RunFolder:
        """A new folder under `root`, named by time, model and seed; nothing that exists is touched."""
        stem = f"{now:%Y-%m-%d-%H%M%S}-{config.model}{'-float' if config.kind == 'float' else ''}-seed{config.seed}"
        try:
            root.mkdir(parents=True, exist_ok=True)
            folder = cls(_new_folder(root, stem))
        except OSError as error:
            raise CannotWrite(
                f"No run folder can be made in '{root}': {error.strerror or error}.",
                "Choose a folder you may write to.",
            ) from error
        folder._write(CONFIG, json.dumps(config.to_json(), indent=2))
        folder._write(VERSIONS, json.dumps(dict(versions), indent=2))
        folder._write(CHANGES, _csv_line(CHANGE_COLUMNS))
        folder._write(METRICS, _csv_line(METRIC_COLUMNS))
        return folder

    @classmethod
    def holding(cls, path: Path) -> RunFolder | None:
        """The run folder that `path` is the newest save of, if it is one."""
        folder = cls(path.parent)
        return folder if path.name == LAST and (folder.path / CONFIG).is_file() else None

    def record_change(self, step: int, key: str, value: object) -> None:
        """A live change of a setting, in force from this step on."""
        self._append(CHANGES, (step, key, value))

    def record_score(self, row: Mapping[str, object]) -> None:
        """One evaluation, a value for each of METRIC_COLUMNS."""
        self._append(METRICS, tuple(row[column] for column in METRIC_COLUMNS))

    def save(self, contents: bytes) -> Path:
        """Make these bytes of a model file the newest save."""
        write_atomically(self.last, contents)
        return self.last

    def keep(self, contents: bytes, epoch: int) -> Path:
        """Keep a checkpoint of a completed epoch for good."""
        path = self.path / f"checkpoint-{epoch:05d}.safetensors"
        write_atomically(path, contents)
        return path

    def rewind(self, step: int) -> None:
        """Forget rows later than `step`: the run goes on from there, and they will be made again."""
        for file in (CHANGES, METRICS):
            header, *rows = self.rows(file)
            kept = [row for row in rows if row and row[0].isdigit() and int(row[0]) <= step]
            self._write(file, "".join(map(_csv_line, [header, *kept])))

    def rows(self, file: str) -> list[list[str]]:
        """The rows of a table, header first. Raises BadFile."""
        try:
            with (self.path / file).open(newline="", encoding="utf-8") as stream:
                rows = list(csv.reader(stream))
        except (OSError, ValueError, csv.Error) as error:
            raise BadFile(f"'{self.path / file}' cannot be read: {error}.", "Resume another run.") from error
        return rows or [list(CHANGE_COLUMNS if file == CHANGES else METRIC_COLUMNS)]

    def _append(self, file: str, values: tuple[object, ...]) -> None:
        try:
            with (self.path / file).open("a", newline="", encoding="utf-8") as stream:
                stream.write(_csv_line(values))
        except OSError as error:
            raise CannotWrite(
                f"'{self.path / file}' could not be written: {error.strerror or error}.",
                "Free some space on the disk, or choose a folder you may write to.",
            ) from error

    def _write(self, file: str, text: str) -> None:
        write_atomically(self.path / file, text.encode())


@dataclass(frozen=True)
class RunSummary:
    """A run in a list: its folder, settings, last recorded test accuracy, and whether it can be resumed."""

    folder: RunFolder
    config: RunConfig
    accuracy: float | None
    resumable: bool


def list_runs(root: Path) -> list[RunSummary]:
    """The runs under `root`, newest first; folders that are not runs are left out."""
    folders = sorted((path for path in root.glob("*/") if (path / CONFIG).is_file()), reverse=True)
    return [summary for path in folders if (summary := _summary(RunFolder(path))) is not None]


def _summary(folder: RunFolder) -> RunSummary | None:
    try:
        config = RunConfig.from_json(json.loads((folder.path / CONFIG).read_text(encoding="utf-8")))
        last = folder.rows(METRICS)[-1]
    except (OSError, ValueError, TypeError, AttributeError, FlipscopeError):
        return None  # not a run of ours, or not any more
    return RunSummary(folder, config, _accuracy(last), folder.last.is_file())


def _accuracy(row: list[str]) -> float | None:
    """The test accuracy in a row of metrics; None in a header or a row that was cut short."""
    try:
        return float(row[METRIC_COLUMNS.index("test_accuracy")])
    except (ValueError, IndexError):
        return None


def is_kept(epoch: int) -> bool:
    """Whether the checkpoint of this epoch is kept: 1, 2, 4, 8, …, so that long runs stay small."""
    return epoch > 0 and epoch & (epoch - 1) == 0


def _new_folder(root: Path, stem: str) -> Path:
    """Make the first of stem, stem-2, stem-3, … that does not exist."""
    taken = re.compile(re.escape(stem) + r"(-\d+)?")
    count = sum(taken.fullmatch(path.name) is not None for path in root.iterdir())
    while True:
        path = root / (stem if count == 0 else f"{stem}-{count + 1}")
        try:
            path.mkdir()
        except FileExistsError:
            count += 1
        else:
            return path


def _csv_line(values: tuple[object, ...] | list[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()
