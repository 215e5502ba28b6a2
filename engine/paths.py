"""Where Flipscope keeps what is the user's: settings, runs, caches, logs. FLIPSCOPE_HOME puts all in one folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs

NAME = "flipscope"


def _folder(kind: str, default: str) -> Path:
    home = os.environ.get("FLIPSCOPE_HOME")
    return Path(home) / kind if home else Path(default)


def config_dir() -> Path:
    """Folder of the settings file."""
    return _folder("config", platformdirs.user_config_dir(NAME, appauthor=False))


def runs_dir() -> Path:
    """Folder that holds one folder for each training run."""
    return _folder("runs", str(Path(platformdirs.user_data_dir(NAME, appauthor=False)) / "runs"))


def drawings_file() -> Path:
    """The file of the drawings that Draw keeps with their labels."""
    return _folder("data", platformdirs.user_data_dir(NAME, appauthor=False)) / "mine.npz"


def cache_dir() -> Path:
    """Folder of what can be made again."""
    return _folder("cache", platformdirs.user_cache_dir(NAME, appauthor=False))


def log_dir() -> Path:
    """Folder of logs and of the children's last words."""
    return _folder("log", platformdirs.user_log_dir(NAME, appauthor=False))


def new_log(name: str) -> Path:
    """An empty log file of that name in the log folder, or among the temporary files where that cannot be written.

    A disk that is full or may not be written to must not keep a child from starting. Raises OSError where even the
    temporary folder refuses.
    """
    try:
        path = log_dir() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    except OSError:
        path = Path(tempfile.gettempdir()) / f"{NAME}-{name}"
        path.write_text("")
    return path
