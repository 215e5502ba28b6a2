"""The run folder: everything a training run leaves behind, written so that what is announced is never lost."""

from __future__ import annotations

import csv
import errno
import io
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import safetensors.numpy

from engine.config import RunConfig
from engine.curves import Curves
from engine.errors import BadFile, BadInput, FlipscopeError, reason
from engine.files import CannotWrite, checked_size, write_atomically

log = logging.getLogger(__name__)

CONFIG, VERSIONS, CHANGES, METRICS, LAST, ABOUT, CURVES = (
    "config.json",
    "versions.json",
    "changes.csv",
    "metrics.csv",
    "last.safetensors",
    "about.json",
    "curves.safetensors",
)
NO_HOME = "Set FLIPSCOPE_HOME to a folder you may write to, on a disk with room."
"""What to do where there is no place for runs."""
INPUTS = {"extra": "extra.npz", "start": "start.safetensors"}
"""Settings that are files of the user's, and what a run's folder calls its own copies of them."""
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


MAX_JSON, MAX_TABLE, MAX_CURVES = 1 << 20, 16 << 20, 64 << 20
"""Bytes of the largest files of each kind that are read, characters of a table."""
MAX_ROW = 1 << 16
"""Characters."""
MAX_DIGITS = 18
"""Of a step."""
CURVE_CAPACITY = 2048
"""Stretches of steps in the curves of a run folder."""
MAX_TITLE, MAX_NOTE = 80, 10_000
"""Characters."""


@dataclass(frozen=True)
class Origin:
    """Whence a branch came: the run, and the step and epoch of its checkpoint."""

    run: str
    step: int
    epoch: int


@dataclass(frozen=True)
class About:
    """What people say of a run, a title and a note, "" for none; and whence it came, if from another run."""

    title: str = ""
    note: str = ""
    origin: Origin | None = None

    def __post_init__(self) -> None:
        for name, text, most in (("title", self.title, MAX_TITLE), ("note", self.note, MAX_NOTE)):
            if not isinstance(text, str):
                raise BadInput(f"The {name} is no text.", "Write it anew.")
            if len(text) > most:
                raise BadInput(f"The {name} has {len(text):,} characters.", f"Write at most {most:,}.")

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> About:
        """Rebuild from what `asdict` gave. Raises BadInput or TypeError on what is not ours."""
        origin = record.get("origin")
        return cls(**{**record, "origin": None if origin is None else Origin(**origin)})


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
    def create(
        cls, root: Path, config: RunConfig, versions: Mapping[str, str], now: datetime, origin: Origin | None = None
    ) -> RunFolder:
        """A new folder under `root`, named by time, model and seed; nothing that exists is touched.

        It has copies of the files that the settings name, and its own settings name those (`located`).
        """
        kind = "" if config.kind == "binary" else f"-{config.kind}"
        stem = f"{now:%Y-%m-%d-%H%M%S}-{config.model}{kind}-seed{config.seed}"
        try:
            root.mkdir(parents=True, exist_ok=True)
            folder = cls(_new_folder(root, stem))
        except OSError as error:
            raise CannotWrite(
                f"No run folder can be made in '{root}': {reason(error)}.",
                NO_HOME,
            ) from error
        try:
            folder._begin(config, versions, origin)
        except FlipscopeError:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        return folder

    def _begin(self, config: RunConfig, versions: Mapping[str, str], origin: Origin | None) -> None:
        self._copy_inputs(config)
        self._write(CONFIG, json.dumps(self.located(config).to_json(), indent=2))
        self._write(VERSIONS, json.dumps(dict(versions), indent=2))
        self._write(CHANGES, _csv_line(CHANGE_COLUMNS))
        self._write(METRICS, _csv_line(METRIC_COLUMNS))
        if origin is not None:
            self.describe(About(origin=origin))

    @classmethod
    def holding(cls, path: Path) -> RunFolder | None:
        """The run folder that `path` is the newest save of, if it is one."""
        folder = cls(path.absolute().parent)
        return folder if path.name == LAST and folder.holds_a_run else None

    @property
    def holds_a_run(self) -> bool:
        """Whether it is a run's own folder, and no other that a model was written to."""
        return (self.path / CONFIG).is_file()

    def located(self, config: RunConfig) -> RunConfig:
        """The settings with this folder's own copies of the files that they name, where it has them."""
        own = {key: self.path.resolve() / file for key, file in INPUTS.items() if getattr(config, key)}
        return config.with_changes({key: str(path) for key, path in own.items() if path.is_file()})

    def record_change(self, step: int, key: str, value: object) -> None:
        """A live change of a setting, in force from this step on."""
        self._append(CHANGES, (step, key, value))

    def record_score(self, row: Mapping[str, object]) -> None:
        """One evaluation, a value for each of METRIC_COLUMNS."""
        self._append(METRICS, tuple(row[column] for column in METRIC_COLUMNS))

    # ------------------------------------------------------------ what people say

    def about(self) -> About:
        """Title, note and origin. Raises BadFile where the file of it is broken."""
        if not (self.path / ABOUT).exists():
            return About()
        try:
            return About.from_json(self.read_json(ABOUT))
        except (TypeError, BadInput) as error:
            raise BadFile(f"'{self.path / ABOUT}' is not understood: {error}.", "Name the run anew.") from error

    def describe(self, about: About) -> None:
        """Put title, note and origin down."""
        self._write(ABOUT, json.dumps(asdict(about), indent=2))

    # ------------------------------------------------------------ saves

    def save(self, contents: bytes) -> Path:
        """Make these bytes of a model file the newest save."""
        write_atomically(self.last, contents)
        return self.last

    def keep(self, contents: bytes, epoch: int) -> Path:
        """Keep a checkpoint of a completed epoch for good."""
        path = self.path / f"checkpoint-{epoch:05d}.safetensors"
        write_atomically(path, contents)
        return path

    def checkpoints(self) -> list[Path]:
        """The kept checkpoints, oldest first."""
        return sorted(self.path.glob("checkpoint-*.safetensors"))

    def save_curves(self, curves: Curves) -> None:
        """Keep the curves of every step up to the newest save."""
        write_atomically(self.path / CURVES, safetensors.numpy.save(curves.to_arrays()))

    def curves(self, step: int) -> Curves:
        """The curves of every step up to this one; empty ones where none can be read, since they are only looked at."""
        path = self.path / CURVES
        try:
            checked_size(path, "a curves", MAX_CURVES)
            made = Curves.from_arrays(safetensors.numpy.load(path.read_bytes()), CURVE_CAPACITY)
        except (OSError, ValueError, FlipscopeError, safetensors.SafetensorError) as error:
            log.info("the run '%s' has no curves: %s", self.name, error)
            return Curves(CURVE_CAPACITY)
        made.rewind(step)
        return made

    # ------------------------------------------------------------ tables

    def rewind(self, step: int) -> None:
        """Forget rows later than `step`: the run goes on from there, and they will be made again."""
        for file in (CHANGES, METRICS):
            self.copy_rows(self, file, step)

    def copy_rows(self, other: RunFolder, file: str, step: int) -> None:
        """Have a table hold the rows of another run's up to `step`, and no others."""
        rows = other.rows(file)
        lines = [_csv_line(next(rows))]
        lines += [_csv_line(row) for row in rows if (at := step_of(row)) is not None and at <= step]
        self._write(file, "".join(lines))

    def read_json(self, file: str) -> dict[str, Any]:
        """One of the records. Raises BadFile."""
        path = self.path / file
        checked_size(path, "a JSON", MAX_JSON)
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise BadFile(f"'{path}' cannot be read: {reason(error)}.", "Resume another run.") from error
        if not isinstance(record, dict):
            raise BadFile(f"'{path}' is no record of a run.", "Resume another run.")
        return record

    def rows(self, file: str) -> Iterator[list[str]]:
        """The rows of a table, header first, as they are read. Raises BadFile, where one cannot be."""
        header: Sequence[str] = CHANGE_COLUMNS if file == CHANGES else METRIC_COLUMNS
        try:
            with (self.path / file).open(newline="", encoding="utf-8") as stream:
                rows = csv.reader(_lines(stream))
                yield next(rows, list(header))
                yield from rows
        except (OSError, ValueError, csv.Error) as error:
            raise BadFile(f"'{self.path / file}' cannot be read: {reason(error)}.", "Resume another run.") from error

    def _copy_inputs(self, config: RunConfig) -> None:
        for key, file in INPUTS.items():
            if source := getattr(config, key):
                try:
                    contents = Path(source).read_bytes()
                except OSError as error:
                    raise BadFile(f"'{source}' cannot be read: {reason(error)}.", "Check its name.") from error
                write_atomically(self.path / file, contents)

    def _append(self, file: str, values: tuple[object, ...]) -> None:
        """Add a row, whole or not at all: half a one would take the next one with it."""
        line = _csv_line(values).encode()
        try:
            with (self.path / file).open("ab", buffering=0) as stream:
                end = stream.tell()
                if stream.write(line) < len(line):
                    stream.truncate(end)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise CannotWrite(
                f"'{self.path / file}' could not be written: {reason(error)}.",
                "Free some space on the disk, or choose a folder you may write to.",
            ) from error

    def _write(self, file: str, text: str) -> None:
        write_atomically(self.path / file, text.encode())


def step_of(row: Sequence[str]) -> int | None:
    """The step that a row of a table begins with; None where it is none."""
    text = row[0] if row else ""
    return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else None


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


def _lines(stream: TextIO) -> Iterator[str]:
    """Lines of a table; what is too long for a row comes in pieces. Raises ValueError where there are too many."""
    left = MAX_TABLE
    while line := stream.readline(MAX_ROW):
        left -= len(line)
        if left < 0:
            raise ValueError(f"it has more than {MAX_TABLE >> 20} million characters")
        yield line


def _csv_line(values: tuple[object, ...] | list[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()
