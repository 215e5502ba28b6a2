"""Kept runs: the files of a run folder bent one by one, and zipped runs whose archives are bent, or bombs."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import warnings
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import safetensors.numpy

from engine import messages as m
from engine import runlist, runzip
from engine.config import RunConfig
from engine.curves import Curves
from engine.runs import ABOUT, CHANGES, CONFIG, CURVES, LAST, METRIC_COLUMNS, METRICS, VERSIONS, About, RunFolder
from tests.fuzz_readers.draw import HOSTILE
from tests.fuzz_readers.models import sound_checkpoint

NAME = "2026-01-02-030405-mlp-512x2-seed0"


@functools.cache
def _sound():
    """Name and content of every file of a run."""
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder.create(Path(root), RunConfig(), {"flipscope": "0"}, datetime(2026, 1, 2, 3, 4, 5))
        for step in range(1, 9):
            folder.record_score(dict.fromkeys(METRIC_COLUMNS, 0.5) | {"step": step, "test_accuracy": step / 10})
        folder.record_change(3, "learning_rate", 0.1)
        folder.describe(About("Mine", "Well."))
        curves = Curves(64, (12, 12))
        ones = np.ones(8, np.float32)
        curves.add(m.Scalars(np.arange(1, 9), ones, ones, np.ones((8, 2), np.float32)))
        folder.save_curves(curves)
        folder.save(sound_checkpoint())
        folder.keep(sound_checkpoint(), 1)
        return {file.name: file.read_bytes() for file in folder.path.iterdir()}


def _bent(draw):
    """The files of a run, some of them bent."""
    files = dict(_sound())
    for name in draw.rng.permutation(sorted(files))[: draw.integer(0, 3)].tolist():
        changed = _changed(draw, name, files[name])
        files[name] = draw.torn(changed) if draw.chance(0.4) else changed
        if draw.chance(0.1):
            del files[name]
    return files


def _changed(draw, name, content):
    match name:
        case "about.json" | "config.json" | "versions.json":
            text = json.dumps(draw.bent(json.loads(content))) if draw.chance(0.9) else "[" * 100_000
            return text.encode(errors="replace")
        case "metrics.csv" | "changes.csv":
            return _rows(draw, content.decode()).encode(errors="replace")
        case "curves.safetensors":
            return _curves(draw, content)
    return draw.torn(content)


def _rows(draw, text):
    lines = [line.split(",") for line in text.splitlines()]
    for _ in range(draw.integer(0, 3)):
        line = draw.choice(lines)
        match draw.integer(0, 3):
            case 0 if line:
                line[draw.integer(0, len(line) - 1)] = str(draw.choice(HOSTILE))[:10_000]
            case 1:
                line.append('"')
            case 2:
                del line[draw.integer(0, len(line)) :]
            case _:
                lines += [line] * draw.choice([1, 3, 3000])
    return "\n".join(",".join(line) for line in lines)


def _curves(draw, content):
    arrays = dict(safetensors.numpy.load(content))
    name = draw.choice(sorted(arrays))
    array = arrays[name]
    match draw.integer(0, 4):
        case 0:
            del arrays[name]
        case 1:
            with np.errstate(all="ignore"):
                arrays[name] = array.astype(draw.choice(["u1", "i4", "f4", "f8", "bool"]))
        case 2:
            arrays[name] = np.ascontiguousarray(draw.choice([array[:0], array[np.newaxis], array.ravel(), array[::-1]]))
        case 3:
            extreme = draw.choice([np.nan, np.inf]) if array.dtype.kind == "f" else draw.choice([-1, 0, 2**62])
            arrays[name] = np.full_like(array, extreme)
        case _:
            arrays["unknown"] = array
    return safetensors.numpy.save(arrays)


def make_run(draw, folder):
    path = folder / NAME
    path.mkdir()
    for name, content in _bent(draw).items():
        (path / name).write_bytes(content)
    return path


def read_run(path):
    """What a list, a comparison and a resumed run read of it; the list tells of trouble in a row of its own."""
    folder = RunFolder(path)
    row = runlist.row(folder)
    assert isinstance(row.problem, str)
    runlist.past(folder, row.step)
    runlist.read(folder)


def make_zipped(draw, folder):
    files = _bent(draw) if draw.chance(0.5) else dict(_sound())
    paths = {f"{NAME}/{name}": content for name, content in files.items()}
    for _ in range(draw.choice([0, 0, 1, 2])):
        _astray(draw, paths)
    content = io.BytesIO()
    method = draw.choice([*[zipfile.ZIP_DEFLATED] * 6, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(content, "w", method) as packed:
        for name, data in paths.items():
            packed.writestr(name, data)
        if draw.chance(0.03):
            packed.writestr(draw.choice(sorted(paths) or ["x"]), b"twice")
        if draw.chance(0.02):
            packed.writestr(f"{NAME}/{draw.choice([METRICS, CURVES, LAST])}", bytes(70 << 20), zipfile.ZIP_DEFLATED, 1)
        if draw.chance(0.02):
            for number in range(2000):
                packed.writestr(f"{NAME}/{number}", b"", zipfile.ZIP_STORED)
    path = folder / "run.zip"
    path.write_bytes(draw.torn(content.getvalue()) if draw.chance(0.4) else content.getvalue())
    return path


def _astray(draw, paths):
    """A member called otherwise."""
    old = draw.choice(sorted(paths))
    new = draw.choice([
        f"../{NAME}/{CONFIG}", f"/{NAME}/{CONFIG}", CONFIG, f"{NAME}\\{CONFIG}", f"{NAME}/../{CONFIG}", f"C:/{CONFIG}",
        f"other/{ABOUT}", f"{NAME}/deep/{VERSIONS}", f"{NAME}/checkpoint-99999.safetensors", f"{NAME}/",
        f"{NAME}/{CHANGES} ", "é" * 200 + f"/{CONFIG}", f"./{CONFIG}", f"{NAME}/{LAST}",
    ])  # fmt: skip
    paths[new] = paths.pop(old)


def read_zipped(path):
    """Nothing is left where it is refused, and nothing lies elsewhere where it is not."""
    root = path.parent / "runs"
    try:
        folder = runzip.unpack(path, root)
    finally:
        left = {entry.name for entry in path.parent.iterdir()} | {e.name for e in root.glob("*")}
    assert left == {path.name, root.name, folder.name}, left
