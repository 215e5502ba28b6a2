"""Kept runs from the command line: listed, shown, exported, imported, branched, described, deleted and restored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import __version__, paths, runcompare, runlist, runservice, runzip
from engine.branch import branch
from engine.checkpoint import Checkpoint
from engine.choices import LIVE
from engine.config import RunConfig
from engine.errors import BadInput, UnknownName
from engine.messages import runs as r
from engine.runs import VERSIONS, RunFolder
from engine.tables import table

Record = dict[str, Any]

MAY_CHANGE = LIVE | {"time_limit", "threads"}
"""Settings that a branch may go on with another value of."""


def listed() -> Record:
    """Every kept run, newest first, whole or broken."""
    return {"runs": [_row(runlist.row(folder)) for folder in runlist.folders(paths.runs_dir())]}


def shown(run: str) -> Record:
    """One run whole: its settings, versions, live changes, checkpoints and scores. Raises UnknownName, BadFile."""
    folder = runlist.find(paths.runs_dir(), run)
    row, read = runlist.row(folder), runlist.read(folder)
    s = read.trace.scores
    scores = zip(
        s.steps.tolist(), s.epochs.tolist(), s.times.tolist(), s.accuracy.tolist(), s.loss.tolist(), strict=True
    )
    return _row(row) | {
        "config": None if row.config is None else row.config.to_json(),
        "versions": folder.read_json(VERSIONS) if (folder.path / VERSIONS).is_file() else {},
        "changes": [dict(zip(("step", "key", "value"), change, strict=True)) for change in read.changes],
        "checkpoints": [asdict(kept) for kept in read.checkpoints],
        "scores": [dict(zip(("step", "epoch", "seconds", "accuracy", "loss"), row, strict=True)) for row in scores],
    }


def exported(run: str, what: str, out: str) -> Record:
    """Write a run's metrics ("csv"), network ("model") or whole folder ("zip") to a file. Raises FlipscopeError."""
    path = Path(out)
    runservice.export(runlist.find(paths.runs_dir(), run), what, path)
    return {"path": str(path), "bytes": path.stat().st_size}


def imported(path: str) -> Record:
    """Put a zipped run among the others. Raises FlipscopeError."""
    return _row(runlist.row(runzip.unpack(Path(path), paths.runs_dir())))


def branched(run: str, epoch: int | None, changes: Mapping[str, Any]) -> Record:
    """Make a run that goes on from a kept checkpoint, or from the newest save; it is trained by train --resume.

    changes: settings that may change while a run is under way. Raises FlipscopeError.
    """
    root = paths.runs_dir()
    source = _checkpoint(runlist.find(root, run), epoch)
    saved = Checkpoint.load(source)
    for key in changes:
        if key not in MAY_CHANGE:
            raise UnknownName("setting that a branch may change", key, MAY_CHANGE)
    config = saved.config.with_changes(changes)
    folder = branch(saved, source, root, {"flipscope": __version__}, datetime.now(), config)
    origin = {"run": saved.run, "step": saved.step, "epoch": saved.epoch}
    return {"run": folder.name, "folder": str(folder.path), "resume": str(folder.last), "origin": origin}


def described(run: str, title: str | None, note: str | None) -> Record:
    """Give a run a title or a note. Raises FlipscopeError."""
    folder = runlist.find(paths.runs_dir(), run)
    runservice.describe(folder, title, note)
    return _row(runlist.row(folder))


def deleted(runs: Sequence[str]) -> Record:
    """Take runs out of the list; `restored` brings them back for some days. Raises FlipscopeError."""
    folders = [runlist.find(paths.runs_dir(), run) for run in runs]
    for folder in folders:
        if folder.path.parent != paths.runs_dir().resolve() and folder.path.parent != paths.runs_dir():
            raise BadInput(f"'{folder.path}' is not among the kept runs.", "Delete it as any other folder.")
    for folder in folders:
        runservice.delete(folder)
    return {"deleted": [folder.name for folder in folders]}


def restored(names: Sequence[str]) -> Record:
    """Bring deleted runs back, by the names of their folders. Raises FlipscopeError."""
    for name in names:
        runservice.restore(RunFolder(paths.runs_dir() / Path(name).name))
    return {"restored": list(names)}


def _checkpoint(folder: RunFolder, epoch: int | None) -> Path:
    if epoch is None:
        return folder.last
    kept = {one.epoch: one for one in runlist.read(folder).checkpoints if not one.newest}
    if epoch not in kept:
        there = ", ".join(map(str, kept)) or "none"
        raise BadInput(
            f"'{folder.name}' has kept no checkpoint of epoch {epoch}.", f"Kept are those of epoch: {there}."
        )
    return Path(kept[epoch].path)


def _row(row: r.RunRow) -> Record:
    """What is told of a run in JSON."""
    c = row.config
    return {
        "name": row.name,
        "title": row.title,
        "note": row.note,
        "created": datetime.fromtimestamp(row.created).isoformat(timespec="seconds"),
        "folder": row.key,
        "origin": None if row.origin is None else dict(zip(("run", "step", "epoch"), row.origin, strict=True)),
        **{key: getattr(c, key, None) for key in ("data", "model", "kind", "optimizer", "seed")},
        "step": row.step,
        "epoch": row.epoch,
        "seconds": row.seconds,
        "accuracy": row.accuracy,
        "best": row.best,
        "saved": row.saved or None,
        "problem": row.problem or None,
    }


# ---------------------------------------------------------------- for people


def lines(action: str, record: Record) -> Iterator[str]:
    """What is printed for people of the record of an action."""
    match action:
        case "list":
            yield from _list_lines(record["runs"])
        case "show":
            yield from _show_lines(record)
        case "compare":
            yield from runcompare.lines(record)
        case "export":
            yield f"{record['path']}, {record['bytes']:,} bytes"
        case "import":
            yield f"{record['name']}: {record['folder']}"
        case "branch":
            yield f"{record['run']}, from epoch {record['origin']['epoch']} of {record['origin']['run']}"
            yield f"go on: flipscope train --resume {record['resume']}"
        case "describe":
            yield f"{record['name']}: {record['title'] or 'no title'}. {record['note']}".rstrip()
        case "delete":
            names = " ".join(record["deleted"])
            yield f"deleted; to bring it back within {runservice.KEPT_DAYS} days: flipscope runs restore {names}"
        case _:
            yield f"back again: {', '.join(record['restored'])}"


def _list_lines(runs: Sequence[Record]) -> Iterator[str]:
    if not runs:
        yield f"No run is kept in {paths.runs_dir()}."
        return
    rows = [[*(run[key] or "" for key in ("name", "title", "data", "optimizer")), *_reached(run)] for run in runs]
    yield from table(("run", "title", "data", "optimizer", "epochs", "accuracy", "what is wrong"), rows)


def _show_lines(run: Record) -> Iterator[str]:
    said = ("name", "title", "note", "created", "folder", "model", "data", "optimizer", "seed", "step", "epoch")
    for key in (*said, "seconds", "problem"):
        if run[key] not in (None, ""):
            yield f"{key:<10} {run[key]}"
    usual = RunConfig().to_json()
    for key, value in (run["config"] or {}).items():
        if key not in said and value != usual[key]:
            yield f"{'set':<10} {key}={value}"
    if run["versions"]:
        yield f"{'versions':<10} {', '.join(f'{name} {version}' for name, version in run['versions'].items())}"
    if run["origin"] is not None:
        yield f"{'from':<10} epoch {run['origin']['epoch']} of {run['origin']['run']}"
    for change in run["changes"]:
        yield f"{'changed':<10} {change['key']} to {change['value']} at step {change['step']:,}"
    for kept in run["checkpoints"]:
        yield f"{'kept':<10} epoch {kept['epoch']}, step {kept['step']:,}: {kept['path']}"
    yield ""
    scores = [(f"{s['epoch']:g}", f"{s['step']:,}", _percent(s["accuracy"]), f"{s['loss']:.4g}") for s in run["scores"]]
    yield from table(("epoch", "step", "accuracy", "loss"), scores)


def _reached(run: Record) -> tuple[str, str, str]:
    """How far a run is, its accuracy, and what is wrong with it."""
    return f"{run['epoch']:.3g}", _percent(run["accuracy"]), run["problem"] or ""


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f} %"
