"""Kept runs as people look at them: what a list says of each, and what one of them holds."""

from __future__ import annotations

import contextlib
import os
import re
import time
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine import messages as m
from engine.checkpoint import Standing
from engine.config import RunConfig
from engine.errors import BadFile, FlipscopeError, UnknownName, reason
from engine.messages import runs as r
from engine.runs import CHANGES, CONFIG, LAST, METRIC_COLUMNS, METRICS, NO_HOME, About, RunFolder, step_of
from engine.trace import Scores, Trace

CURVE_POINTS = 24
"""Accuracies in a row of the list, for a small curve."""
TOLD_EVERY = 0.1
"""Seconds between two parts of a list."""

T = TypeVar("T")


def folders(root: Path) -> list[RunFolder]:
    """The runs under `root`, newest first, whole or broken; folders that hold nothing of a run are left out.

    Raises BadFile where nobody may look.
    """
    try:
        found = [RunFolder(path) for path in root.glob("*/") if path.name[0] != "." and _is_run(path)]
    except OSError as error:
        raise BadFile(f"The runs in '{root}' cannot be read: {reason(error)}.", NO_HOME) from error
    return sorted(found, key=lambda folder: (_created(folder), folder.name), reverse=True)


def find(root: Path, wanted: str) -> RunFolder:
    """The run that is meant: a folder, a name or its beginning, or a title. Raises UnknownName, BadFile."""
    if (Path(wanted) / CONFIG).is_file():
        return RunFolder(Path(wanted).resolve())
    runs = folders(root)
    named = [one for one in runs if one.name == wanted] or [one for one in runs if _title(one) == wanted]
    named = named or [one for one in runs if one.name.startswith(wanted)]
    if not named or not wanted:
        raise UnknownName("run", wanted, [one.name for one in runs[:20]])
    if len(named) > 1:
        names = ", ".join(one.name for one in named[:6])
        raise BadFile(f"'{wanted}' could be {len(named)} runs.", f"Say which: {names}.")
    return named[0]


def listing(root: Path) -> Iterator[r.RunList | None]:
    """The rows of all runs in parts, one run a slice."""
    waiting: list[r.RunRow] = []
    told_at = time.monotonic()
    for folder in folders(root):
        waiting.append(row(folder))
        if time.monotonic() - told_at < TOLD_EVERY:
            yield None
            continue
        yield r.RunList(str(root), tuple(waiting), complete=False)
        waiting, told_at = [], time.monotonic()
    yield r.RunList(str(root), tuple(waiting), complete=True)


def row(folder: RunFolder) -> r.RunRow:
    """What a list says of a run; what cannot be read is told in it."""
    problems: list[str] = []

    def tried(read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except FlipscopeError as error:
            problems.append(error.what.replace(f"{folder.path}{os.sep}", ""))
            return otherwise

    about = tried(folder.about, About())
    scores = tried(lambda: scores_of(folder), _NO_SCORES)
    standing = tried(lambda: Standing.of(folder.last), None) if folder.last.exists() else None
    config = tried(lambda: _begun_with(folder), None) if standing is None else standing.config
    step, epoch, seconds = _reach(standing, scores)
    accuracies = scores.accuracy.tolist()
    return r.RunRow(
        key=str(folder.path),
        name=folder.name,
        title=about.title,
        note=about.note,
        created=_created(folder),
        origin=None if about.origin is None else (about.origin.run, about.origin.step, about.origin.epoch),
        config=config,
        step=int(step),
        epoch=epoch,
        seconds=seconds,
        accuracy=accuracies[-1] if accuracies else None,
        best=max(accuracies, default=None),
        curve=_thinned(accuracies),
        saved="" if standing is None else str(folder.last),
        problem=" ".join(problems),
    )


def read(folder: RunFolder) -> r.RunRead:
    """A run as a whole. Raises BadFile where its tables cannot be read."""
    standing = Standing.of(folder.last) if folder.last.exists() else None
    scores = scores_of(folder)
    now = _reach(standing, scores)
    curves = folder.curves(int(now[0]))
    return r.RunRead(
        key=str(folder.path),
        trace=Trace.of(curves, curves.weights, scores, now),
        checkpoints=tuple(_checkpoints(folder)),
        changes=tuple(changes(folder)),
    )


def past(folder: RunFolder, step: int) -> m.RunPast:
    """What a run left in its folder up to a step. Raises BadFile."""
    s = scores_of(folder)
    rows = zip(s.steps.tolist(), s.epochs.tolist(), s.times.tolist(), s.accuracy.tolist(), s.loss.tolist(), strict=True)
    scored = tuple(m.Scored(folder.name, *values, confusion=None, backend="") for values in rows if values[0] <= step)
    return m.RunPast(folder.name, folder.curves(step).to_arrays(), scored)


def scores_of(folder: RunFolder) -> Scores:
    """Every score that was written down whole. Raises BadFile."""
    columns = [METRIC_COLUMNS.index(name) for name in ("step", "epoch", "test_accuracy", "test_loss", "seconds")]
    numbers, of = array("d"), itemgetter(*columns)
    for line in islice(folder.rows(METRICS), 1, None):
        with contextlib.suppress(ValueError, IndexError):  # it was cut short, or is no row
            numbers.extend(tuple(map(float, of(line))))
    table = np.array(numbers, np.float64).reshape(-1, len(columns))
    table = table[np.isfinite(table).all(1) & (np.abs(table[:, 0]) < 1 << 62)]
    table = table[np.diff(table[:, 0], prepend=-1) > 0]
    return Scores(table[:, 0].astype(np.int64), *table[:, 1:].T)


_NO_SCORES = Scores(np.zeros(0, np.int64), *(np.zeros(0) for _ in range(4)))


def _begun_with(folder: RunFolder) -> RunConfig:
    """The settings in a run's folder with its live changes. Raises BadFile."""
    try:
        config = RunConfig.from_json(folder.read_json(CONFIG))
        for _, key, value in changes(folder):
            config = config.changed(key, value)
    except (FlipscopeError, TypeError) as error:
        raise BadFile(f"Its settings are not understood: {error}", "Look into its folder.") from error
    return config


def changes(folder: RunFolder) -> Iterator[tuple[int, str, str]]:
    """Its live changes, (step, setting, value), oldest first. Raises BadFile."""
    for line in islice(folder.rows(CHANGES), 1, None):
        step = step_of(line)
        if len(line) == 3 and step is not None:
            yield step, line[1], line[2]


def _checkpoints(folder: RunFolder) -> Iterator[r.KeptCheckpoint]:
    """Those that can be branched from, oldest first, the newest save last; a broken one is passed over."""
    for path in [*folder.checkpoints(), folder.last]:
        try:
            standing = Standing.of(path)
        except BadFile:
            continue
        octets = path.stat().st_size
        yield r.KeptCheckpoint(str(path), standing.step, standing.epoch, octets, path == folder.last)


def _reach(standing: Standing | None, scores: Scores) -> tuple[float, float, float]:
    """(step, epoch, seconds) up to which a run is saved, else scored."""
    scored = (0.0, 0.0, 0.0)
    if scores.steps.size:
        scored = float(scores.steps[-1]), float(scores.epochs[-1]), float(scores.times[-1])
    if standing is None or standing.step <= scored[0]:
        return scored
    return float(standing.step), max(float(standing.epoch), scored[1]), max(float(standing.seconds), scored[2])


def _thinned(values: list[float]) -> tuple[float, ...]:
    """The first, the last, and some between, evenly."""
    if len(values) <= CURVE_POINTS:
        return tuple(values)
    return tuple(values[i] for i in np.linspace(0, len(values) - 1, CURVE_POINTS).astype(int))


def _is_run(path: Path) -> bool:
    return any(os.path.exists(path / file) for file in (CONFIG, METRICS, LAST))


def _title(folder: RunFolder) -> str:
    try:
        return folder.about().title
    except BadFile:
        return ""


def _created(folder: RunFolder) -> float:
    """Seconds since 1970, from the name that a run gives its folder, else from the folder itself."""
    stamp = re.match(r"\d{4}-\d\d-\d\d-\d{6}", folder.name)
    try:
        if stamp is not None:
            return datetime.strptime(stamp.group(), "%Y-%m-%d-%H%M%S").timestamp()
        return folder.path.stat().st_mtime
    except (OSError, ValueError, OverflowError):
        return 0.0
