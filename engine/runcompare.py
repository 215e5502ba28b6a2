"""Kept runs over their seeds: those that differ in nothing else are one group, with its mean and spread."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import paths, runlist
from engine.config import RunConfig
from engine.errors import BadFile, BadInput
from engine.messages.runs import RunRow
from engine.runs import INPUTS, RunFolder
from engine.tables import table

Record = dict[str, Any]
Key = tuple[tuple[str, Any], ...]


def compared(runs: Sequence[str]) -> Record:
    """The named runs, or all, in groups that differ in their seeds only, the most accurate group first.

    Each group has the settings that set it apart from another one, how far its runs are, their names and seeds, and of
    test accuracy and seconds the mean, the spread (standard deviation of a sample, None for one run), least and most.
    "left_out" are runs without a score, broken ones, and those of a seed that the group has already, the same again.
    Raises UnknownName, BadFile, BadInput.
    """
    root = paths.runs_dir()
    folders = [runlist.find(root, run) for run in runs] or runlist.folders(root)
    groups: dict[Key, dict[int, RunRow]] = {}
    left_out = []
    for folder in {folder.path: folder for folder in folders}.values():
        row = runlist.row(folder)
        key = _key(row, folder)
        if key is None or row.config is None:
            left_out.append({"name": row.name, "why": "it has no score, or is broken"})
        elif groups.setdefault(key, {}).setdefault(row.config.seed, row) is not row:
            left_out.append({"name": row.name, "why": f"seed {row.config.seed} again"})
    if not groups:
        raise BadInput("There is no run with a score to compare.", "Train some first, for an epoch or more.")
    told = _telling(groups)
    records = [_group({name: value for name, value in key if name in told}, seeds) for key, seeds in groups.items()]
    records.sort(key=lambda group: -group["accuracy"]["mean"])
    return {"groups": records, "left_out": left_out}


def lines(record: Record) -> Iterator[str]:
    """What people read of it: a row a group."""
    groups = record["groups"]
    told = list(groups[0]["settings"])
    rows = [[*(_word(group["settings"][name]) for name in told), *_figures(group)] for group in groups]
    yield from table((*told, "epochs", "runs", "accuracy", "spread", "from … to", "seconds"), rows)
    for run in record["left_out"]:
        yield f"left out: {run['name']}, {run['why']}"


def _key(row: RunRow, folder: RunFolder) -> Key | None:
    """All that two draws of the same have in common: settings, live changes, branch and reach; None of a broken run."""
    if row.config is None or row.accuracy is None or row.problem:
        return None
    settings = row.config.to_json()
    del settings["seed"]
    try:
        changes = tuple(runlist.changes(folder))
        own = {key: _digest(folder.path / file) for key, file in INPUTS.items() if settings[key]}
    except (BadFile, OSError):
        return None
    changed = "; ".join(f"{key} to {value} at step {step}" for step, key, value in changes)
    branched = "" if row.origin is None else f"at epoch {row.origin[2]}"
    settings |= own | {"changed": changed, "branched": branched, "reached": _reached(row, row.config)}
    return tuple(settings.items())


def _digest(file: Path) -> str:
    """What a file is known by: every run has a copy of its own."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:8]


def _reached(row: RunRow, config: RunConfig) -> str:
    """How far a run is; one with a time limit is done when that is over, however many epochs it took."""
    done = config.time_limit is not None and row.seconds >= config.time_limit
    return "its time" if done else f"epoch {row.epoch:.6g}"


def _telling(groups: Iterable[Key]) -> set[str]:
    """The settings that are not the same in every group; how far its runs are stands in a column of its own."""
    values: dict[str, set[Any]] = {}
    for key in groups:
        for name, value in key:
            values.setdefault(name, set()).add(value)
    return {name for name, seen in values.items() if len(seen) > 1} - {"reached"}


def _group(settings: Record, seeds: Mapping[int, RunRow]) -> Record:
    rows = list(seeds.values())
    return {
        "settings": settings,
        "epochs": statistics.fmean(row.epoch for row in rows),
        "n": len(rows),
        "accuracy": _statistics([row.accuracy for row in rows if row.accuracy is not None]),
        "seconds": _statistics([row.seconds for row in rows]),
        "runs": [{"name": row.name, "seed": seed, "accuracy": row.accuracy} for seed, row in sorted(seeds.items())],
    }


def _statistics(values: Sequence[float]) -> Record:
    spread = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "spread": spread, "least": min(values), "most": max(values)}


def _figures(group: Record) -> tuple[str, ...]:
    a, s = group["accuracy"], group["seconds"]
    return (
        f"{group['epochs']:.3g}",
        str(group["n"]),
        f"{100 * a['mean']:.2f} %",
        "–" if a["spread"] is None else f"± {100 * a['spread']:.2f}",
        f"{100 * a['least']:.2f} … {100 * a['most']:.2f}",
        f"{s['mean']:.0f}" if s["spread"] is None else f"{s['mean']:.0f} ± {s['spread']:.0f}",
    )


def _word(value: object) -> str:
    return "–" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)
