"""A kept run in words: its network, data, method and budget, how long it took and how long ago; no Qt."""

from __future__ import annotations

import re
import time
from datetime import datetime
from pathlib import Path

from engine.config import RunConfig
from engine.messages.runs import RunRow

DATA_TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "cifar10": "CIFAR-10", "svhn": "SVHN"}
OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "shift-adamax": "shift AdaMax", "bop": "Bop"}
TOLD = ("data", "model", "kind", "optimizer", "learning_rate", "seed", "epochs", "time_limit", "threads", "device")
USUAL = {key: value for key, value in RunConfig().to_json().items() if key not in TOLD}
KINDS = {"float": "float twin", "binaryconnect": "BinaryConnect"}


def model_title(model: str) -> str:
    """An architecture's name as it is written for people: "mlp-512×2"; of a file its name."""
    return re.sub(r"(\d)x(\d)", r"\1×\2", Path(model).stem if model.endswith(".toml") else model)


def data_title(data: str) -> str:
    """A data set's name as it is written for people; of a path its last part."""
    return DATA_TITLES.get(data) or (Path(data).name or data)


def method(config: RunConfig) -> str:
    """The method in a few words, with what its weights move by: "Adam 0.01", "float twin, SGD 0.1", "Bop τ 1e-06"."""
    step = f"τ {config.flip_threshold:.3g}" if config.optimizer == "bop" else f"{config.learning_rate:.3g}"
    words = f"{OPTIMIZERS.get(config.optimizer, config.optimizer)} {step}"
    return f"{KINDS[config.kind]}, {words}" if config.kind in KINDS else words


def unusual(config: RunConfig) -> list[str]:
    """Each setting that is not the usual one, beyond what `method` and `summary` say: "batch size 100"."""
    values = ((key, getattr(config, key)) for key, usual in USUAL.items() if getattr(config, key) != usual)
    return [
        f"{key.replace('_', ' ')} {value:g}" if isinstance(value, float) else f"{key.replace('_', ' ')} {value}"
        for key, value in values
    ]


def epochs(epoch: float) -> str:
    """How far: "10 epochs", "1 epoch", "2.5 epochs"."""
    figure = f"{epoch:.3g}"
    return f"{figure} epoch{'' if figure == '1' else 's'}"


def lasted(seconds: float) -> str:
    """A time of training: "48 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def time_limit(seconds: float) -> str:
    """A budget of training time: "limit 1,165 s", "limit 0.5 s"."""
    return f"limit {f'{seconds:,.1f}'.removesuffix('.0')} s"


def when(created: float, now: float) -> str:
    """A moment for people: "just now", "12 min ago", "today 14:20", "12 May 14:20", "12 May 2025"."""
    then, today = datetime.fromtimestamp(created), datetime.fromtimestamp(now)
    ago = now - created
    if 0 <= ago < 3600:
        return "just now" if ago < 60 else f"{ago // 60:.0f} min ago"
    if then.date() == today.date():
        return f"today {then:%H:%M}"
    day = f"{then.day} {then:%b}"
    return f"{day} {then:%H:%M}" if then.year == today.year else f"{day} {then.year}"


def title(row: RunRow) -> str:
    """What people call a run: its title, else its network and seed with a kind or optimizer that is not the usual."""
    if row.title or row.config is None:
        return row.title or row.name
    c = row.config
    words = [model_title(c.model), *([KINDS[c.kind]] if c.kind in KINDS else [])]
    words += [] if c.optimizer == RunConfig.optimizer else [OPTIMIZERS.get(c.optimizer, c.optimizer)]
    return ", ".join([*words, f"seed {c.seed}", *([] if row.origin is None else ["branch"])])


def summary(row: RunRow, now: float | None = None) -> str:
    """A run in one line under its name."""
    if row.config is None:
        return row.problem
    c = row.config
    words = [*([model_title(c.model)] if row.title else []), data_title(c.data), method(c), epochs(row.epoch)]
    return " · ".join([*words, when(row.created, time.time() if now is None else now)])


def searched(row: RunRow) -> str:
    """All the words that a filter looks through, in small letters."""
    words = [row.name, row.title, row.note, row.problem]
    if row.config is not None:
        c = row.config
        words += [c.model, model_title(c.model), data_title(c.data), c.data, c.kind, method(c), *unusual(c)]
    return " ".join(words).casefold()
