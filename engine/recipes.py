"""Recipes: training runs by name, each a TOML file that names everything and states what it was seen to reach.

A file has `title` and `about`, a table `[run]` with settings of RunConfig, and, once it has been run, a table
`[result]`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from engine.config import RunConfig
from engine.errors import BadFile, FlipscopeError, UnknownName
from engine.files import checked_size
from engine.strict import check_keys, loaded, number, typed

MOST_BYTES = 1 << 16
REQUIRED = (
    "data",
    "model",
    "kind",
    "batch_size",
    "optimizer",
    "learning_rate",
    "schedule",
    "augmentation",
    "epochs",
    "seed",
    "threads",
)
"""Settings that a recipe must name even where it wants the usual ones, so that it stays what it was."""


@dataclass(frozen=True)
class Result:
    """What a recipe was seen to reach.

    Attributes:
        test_accuracy: 0..1, the median over `seeds`, of the deployed network at the end of training.
        changed_accuracy: 0..1, mean over the seven changed test sets (engine.inference.changed), where measured.
        seconds: of training, the median. machine: what it ran on. date: when.
        note: what else must be known to judge it, e.g. how many of the training images there were.
    """

    test_accuracy: float
    seeds: tuple[int, ...]
    seconds: float
    machine: str
    date: datetime.date
    changed_accuracy: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Recipe:
    """A training run by name; result None: it has not been measured."""

    name: str
    title: str
    about: str
    run: RunConfig
    result: Result | None

    def to_json(self) -> dict[str, Any]:
        """A record that survives JSON."""
        result = self.result and asdict(self.result) | {"date": self.result.date.isoformat()}
        about = {"name": self.name, "title": self.title, "about": self.about}
        return about | {"run": self.run.to_json(), "result": result}


def names() -> tuple[str, ...]:
    """The recipes that come with Flipscope, sorted."""
    return tuple(sorted(_files()))


def load(name: str) -> Recipe:
    """The recipe of that name, or in that .toml file. Raises UnknownName, BadFile."""
    if name.endswith(".toml"):
        checked_size(name, "a recipe", MOST_BYTES)
        return _read(Path(name).stem, Path(name).read_bytes())
    found = _files()
    if name not in found:
        raise UnknownName("recipe", name, found)
    return _read(name, found[name])


@cache
def _files() -> dict[str, bytes]:
    folder = resources.files("engine.training") / "recipes"
    files = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    return {file.name.removesuffix(".toml"): file.read_bytes() for file in files}


def _read(name: str, content: bytes) -> Recipe:
    """Raises BadFile, which names the recipe, where anything is missing, unknown or of another kind."""
    try:
        record = loaded(content)
        check_keys(record, "part", ("title", "about", "run", "result"), ("title", "about", "run"))
        run = _table(record, "run")
        check_keys(run, "setting", [field.name for field in fields(RunConfig)], REQUIRED)
        result = _result(_table(record, "result")) if "result" in record else None
        texts = (typed("title", record["title"], str), typed("about", record["about"], str))
        return Recipe(name, *texts, RunConfig.from_json(run), result)
    except FlipscopeError as error:
        raise BadFile(f"The recipe '{name}' cannot be read. {error.what}", error.remedy) from error


def _result(table: Mapping[str, Any]) -> Result:
    optional = ("changed_accuracy", "note")
    known = [field.name for field in fields(Result)]
    check_keys(table, "part of a result", known, [key for key in known if key not in optional])
    changed = table.get("changed_accuracy")
    return Result(
        test_accuracy=_share("test_accuracy", table["test_accuracy"]),
        seeds=tuple(typed("seeds", seed, int) for seed in typed("seeds", table["seeds"], list)),
        seconds=number("seconds", table["seconds"]),
        machine=typed("machine", table["machine"], str),
        date=typed("date", table["date"], datetime.date),
        changed_accuracy=None if changed is None else _share("changed_accuracy", changed),
        note=typed("note", table.get("note", ""), str),
    )


def _table(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    table: dict[str, Any] = typed(key, record[key], dict)
    return table


def _share(key: str, value: object) -> float:
    share = number(key, value)
    if not 0 <= share <= 1:
        raise BadFile(f"{key} is {share:g}.", "Give it as a share, from 0 to 1.")
    return share
