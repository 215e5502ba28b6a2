"""What a report of trouble must say of the machine: system, processor, folders, and what stands in the way."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import paths
from engine.errors import FlipscopeError
from engine.jit import peak, target

Record = dict[str, Any]

TOLD = ("popcnt", "avx2", "avx512f", "avx512vpopcntdq", "avx512vnni", "neon", "dotprod")
"""Features of processors that kernels are written for, by LLVM's names."""
VARIABLES = ("FLIPSCOPE_", "OMP_NUM_THREADS", "OPENBLAS_", "MKL_", "CUDA_VISIBLE_DEVICES", "LANG", "LC_ALL", "QT_")
"""Beginnings of the variables that change what happens."""
LITTLE_ROOM = 200 << 20
"""Bytes free on a disk below which a run may not be saved."""


def system() -> Record:
    """System, processor and variables, as texts and numbers."""
    features = target.host_features()
    return {
        "system": f"{platform.platform()}, {platform.machine()}",
        "processor": peak.machine(),
        "cores": os.cpu_count(),
        "cores_allowed": _allowed(),
        "features": [name for name in TOLD if features.get(name)],
        "kernels": _kernels(),
        "encoding": sys.getfilesystemencoding(),
        "variables": {name: home_out(os.environ[name]) for name in sorted(os.environ) if name.startswith(VARIABLES)},
    }


def folders() -> list[Record]:
    """Every folder that Flipscope keeps something in: where it is, whether it can be written, bytes there and free."""
    kept = {
        "settings": paths.config_dir(),
        "runs": paths.runs_dir(),
        "caches": paths.cache_dir(),
        "logs": paths.log_dir(),
    }
    return [{"name": name, **_folder(path)} for name, path in kept.items()]


def warnings(folders: list[Record]) -> Iterator[str]:
    """What stands in the way, and what can be done, a sentence or two each."""
    for folder in folders:
        if not folder["writable"]:
            yield f"{folder['path']} cannot be written ({folder['name']}). Set FLIPSCOPE_HOME to a folder that can."
        elif folder["free"] < LITTLE_ROOM:
            yield f"{folder['free'] >> 20} MB are free where {folder['name']} are kept. Runs may not be saved."
    if sys.getfilesystemencoding() != "utf-8":
        yield "File names are not in UTF-8 here: names beyond ASCII may not be found. Set LANG to C.UTF-8."


def home_out(text: str) -> str:
    """A path or text with ~ for the home folder, so that a report does not name its writer."""
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def _folder(path: Path) -> Record:
    there = next(one for one in (path, *path.parents) if one.exists())
    return {
        "path": home_out(str(path)),
        "writable": there.is_dir() and os.access(there, os.W_OK | os.X_OK),
        "bytes": sum(map(_size, path.rglob("*"))),
        "free": shutil.disk_usage(there).free,
    }


def _size(path: Path) -> int:
    """Bytes of a file; 0 of what is none, and of what is gone meanwhile."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _allowed() -> int | None:
    """Cores that this process may run on, which a container may hold to fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _kernels() -> str:
    try:
        return target.host().name
    except FlipscopeError as error:
        return str(error)
