"""What the window remembers: one atomic JSON file; a broken or unknown field is dropped, never in the way."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from engine.files import CannotWrite, write_atomically

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 20
"""A larger file is none of ours."""


@dataclass
class Settings:
    """Every setting, declared once with its default. `load` takes over what is of the default's type."""

    theme: str = "system"
    page: str = "draw"
    geometry: str = ""
    mode: str = "xnor"
    backend: str = ""
    pen: int = 20
    reduced_motion: bool = False
    toured: bool = False
    recent_models: list[str] = field(default_factory=list)
    recent_data: list[str] = field(default_factory=list)
    run: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read the file; what is missing, unknown or of a wrong type is left at its default with a warning."""
        made = cls._read(path)
        made._loaded = asdict(made)
        return made

    @classmethod
    def _read(cls, path: Path) -> Settings:
        made = cls()
        try:
            with path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
            record = json.loads(content if len(content) <= MOST_BYTES else b"")
        except FileNotFoundError:
            return made
        except (OSError, ValueError, RecursionError) as error:
            log.warning("settings at %s are not readable (%s); starting with the defaults", path, error)
            return made
        if not isinstance(record, dict):
            log.warning("settings at %s are not an object; starting with the defaults", path)
            return made
        known = {f.name: getattr(made, f.name) for f in fields(cls)}
        for name, value in record.items():
            if name in known and _alike(value, known[name]):
                setattr(made, name, value)
            else:
                log.warning("setting '%s' is unknown or broken; dropped", name)
        return made

    def save(self, path: Path) -> None:
        """Write atomically; a failure is logged, since losing a preference must not stop anything.

        What was not changed here since it was loaded stays as it is in the file: another window may have changed it.
        """
        ours, kept = asdict(self), asdict(self._read(path))
        record = {name: value if value != self._loaded.get(name) else kept[name] for name, value in ours.items()}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(record, indent=1).encode())
        except (CannotWrite, OSError) as error:
            log.warning("settings were not saved: %s", error)

    def remember_model(self, path: str) -> None:
        """Put a model file first among the recent ones; eight are kept."""
        self.recent_models = _first(path, self.recent_models)

    def remember_data(self, path: str) -> None:
        """Put a data set of one's own first among the recent ones; eight are kept."""
        self.recent_data = _first(path, self.recent_data)


def _first(path: str, recent: list[str]) -> list[str]:
    return [path, *(other for other in recent if other != path)][:8]


def _alike(value: Any, default: Any) -> bool:
    if isinstance(default, list):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return type(value) is type(default)
