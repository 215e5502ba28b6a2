"""The commands of the inference world, as plain records that survive JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import threadpoolctl
from numpy.typing import NDArray

from engine import __version__, datasets, machine
from engine import messages as m
from engine.datasets import Dataset, catalogue
from engine.errors import BadInput, FlipscopeError
from engine.inference import bench, changed, deploy, modelfile, pictures, settling, training_bench
from engine.inference.backend import Backend, best, left_out
from engine.inference.network import Network, PackedNetwork
from engine.inference.operands import SWEEP, product_of
from engine.inference.predict import timed
from engine.inference.rules import taken
from engine.inference.service import backend_rows
from engine.inference.settling import Say, silent
from engine.inference.standing import against_tensor_cores
from engine.jit import peak
from engine.worker import Slice

Record = dict[str, Any]

PACKAGES = ("numpy", "torch", "PySide6-Essentials", "pyqtgraph", "safetensors", "llvmlite", "pillow")
CUPY = ("cupy-cuda12x", "cupy-cuda13x", "cupy")
"""Builds of one package: whichever is installed runs the kernels. The first is the one that is asked for."""
SIZES, QUICK_SIZES = (512, 1024, 2048, 4096), (256, 1024)
ARCHITECTURES, QUICK_ARCHITECTURES = ("784-1024x3-10", "784-4096x3-10"), ("784-1024x3-10",)
BATCHES = (1, 100)
TRAINED = ("784-512x3-10", "784-1024x3-10", "784-4096x3-10", "convnet-half@50")
QUICK_TRAINED = ("784-512x3-10",)
TRAINED_BATCHES = (100,)
MAPS, QUICK_MAPS = ("128@32x32", "256@16x16", "512@8x8"), ("256@16x16",)
MAP_BATCHES, QUICK_MAP_BATCHES = (1, 16, 100), (16,)


def doctor() -> Record:
    """The machine, and every backend, data set and package: ready, or why not and what to do."""
    folders = machine.folders()
    return {
        "system": machine.system(),
        "folders": folders,
        "warnings": list(machine.warnings(folders)),
        "backends": [asdict(row) for row in backend_rows()],
        "data": [_data_state(state) for state in catalogue.states()],
        "versions": {"flipscope": __version__, "python": sys.version.split()[0], **_versions()},
    }


def evaluate(
    path: str,
    data: str | None = None,
    backend: str = "all",
    limit: int | None = None,
    on_progress: Say = silent,
) -> Record:
    """Score a test set by each backend; counts are against the oracle. Raises FlipscopeError.

    A backend that is lost in the middle is left out, with its reason.

    Args:
        data: a data set by name or path; without it the one that the model was trained on.
        backend: a name, which runs beside the oracle, or "all".
        limit: the first so many test images only.
        on_progress: told what takes long.
    """
    network, dataset = _opened(path, data, limit)
    oracle = ["naive"] if isinstance(network, PackedNetwork) else []
    wanted = ["all"] if backend == "all" else [*oracle, backend]
    settling.settle_all(on_progress)
    images, labels = dataset.test_images[:limit], dataset.test_labels[:limit]
    scored = settling.persist(lambda: _scored(network, wanted, images, labels))
    rows = {name: {"accuracy": scored.accuracy(name), **asdict(tally)} for name, tally in scored.tallies.items()}
    return {
        "model": str(path),
        "data": dataset.name,
        "images": scored.images,
        "batch": scored.batch,
        "backends": rows,
        "confusion": scored.confusion.tolist(),
        "left_out": {name: state.reason for name, state in left_out().items()},
    }


def evaluate_changed(
    path: str,
    data: str | None = None,
    backend: str | None = None,
    limit: int | None = None,
    on_progress: Say = silent,
) -> Record:
    """Score the seven changed forms of a test set (engine.inference.changed), and it as it is. Raises FlipscopeError.

    Args:
        backend: a name; without it the best that is ready.
        data, limit: see evaluate.
    """
    network, dataset = _opened(path, data, limit)
    settling.settle_all(on_progress)
    images, labels = dataset.test_images[:limit], dataset.test_labels[:limit]
    forms = {"none": lambda images: images, **changed.CHANGES}

    def attempt() -> tuple[str, dict[str, float]]:
        name = _chosen(network, backend).name
        boards = {form: _scored(network, [name], change(images), labels) for form, change in forms.items()}
        return name, {form: board.accuracy(name) for form, board in boards.items()}

    name, accuracies = settling.persist(attempt)
    unchanged = accuracies.pop("none")
    return {
        "model": str(path),
        "data": dataset.name,
        "images": len(images),
        "backend": name,
        "unchanged": unchanged,
        "changes": [{"change": change, "accuracy": accuracy} for change, accuracy in accuracies.items()],
        "mean": sum(accuracies.values()) / len(accuracies),
    }


def _opened(path: str, data: str | None, limit: int | None) -> tuple[Network, Dataset]:
    """A model, and the data set to score it on: that of this name or path, or the one that it was trained on."""
    if limit is not None and limit < 1:
        raise BadInput(f"The limit is {limit}.", "Score at least one image.")
    network = modelfile.load(path)
    return network, deploy.fitted(network, datasets.load(data or network.metadata.dataset))


def predict(
    path: str,
    images: Sequence[str],
    backend: str | None = None,
    on_progress: Say = silent,
) -> Record:
    """Read pictures through the same preparation as the canvas. Raises FlipscopeError.

    A picture with nothing on it has the label None and no scores.
    """
    network = modelfile.load(path)
    prepared = [pictures.prepare(pictures.read(file), network.metadata) for file in images]
    settling.settle_all(on_progress)
    one, answers = settling.persist(lambda: _answers(network, backend, [image for image, _ in prepared]))
    return {
        "predictions": [
            {
                "file": str(file),
                "blank": blank,
                "label": None if blank else network.metadata.class_names[int(scores.argmax())],
                "scores": [] if blank else scores.tolist(),
                "backend": one.name,
                "milliseconds": seconds * 1e3,
            }
            for file, (_, blank), (scores, seconds) in zip(images, prepared, answers, strict=True)
        ]
    }


def bench_gemm(
    size: Sequence[int] | None = None,
    batch: Sequence[int] | None = None,
    threads: int = 1,
    quick: bool = False,
    sweep: bool = False,
    case: Sequence[str] | None = None,
) -> Record:
    """Time +-1 products of size x size x size, or of `batch` rows each; of "MxNxK"; or SWEEP. Raises FlipscopeError."""
    if sum(map(bool, (sweep, case, size or batch))) > 1:
        raise BadInput("Sizes are given twice.", "Give --size with --batch, or --case, or --sweep.")
    sizes = size or (QUICK_SIZES if quick else SIZES)
    shapes = SWEEP if sweep else [(rows, n, n) for n in sizes for rows in (batch or (n,))]
    shapes = [product_of(one) for one in case] if case else shapes
    return _collected(bench.gemm(shapes, threads, quick=quick))


def bench_net(
    case: Sequence[str] | None = None, batch: Sequence[int] | None = None, threads: int = 1, quick: bool = False
) -> Record:
    """Time whole random networks, e.g. "784-1024x3-10" or "784-1024x3-10@16", on batches. Raises FlipscopeError."""
    architectures = case or (QUICK_ARCHITECTURES if quick else ARCHITECTURES)
    return _collected(bench.net(_batched(architectures, 0, batch or BATCHES), threads, quick=quick))


def bench_conv(
    case: Sequence[str] | None = None, batch: Sequence[int] | None = None, threads: int = 1, quick: bool = False
) -> Record:
    """Time binary 3x3 convolutions, e.g. "128@32x32" or "128@32x32@16", on batches of maps. Raises FlipscopeError."""
    maps = case or (QUICK_MAPS if quick else MAPS)
    batches = batch or (QUICK_MAP_BATCHES if quick else MAP_BATCHES)
    return _collected(bench.conv(_batched(maps, 1, batches), threads, quick=quick))


def bench_train(
    case: Sequence[str] | None = None, batch: Sequence[int] | None = None, threads: int = 1, quick: bool = False
) -> Record:
    """Time steps beside plain torch's, e.g. of "784-1024x3-10@100" or "convnet-half@50". Raises FlipscopeError."""
    architectures = case or (QUICK_TRAINED if quick else TRAINED)
    rows = training_bench.train(_batched(architectures, 0, batch or TRAINED_BATCHES), threads, quick=quick)
    record = {"machine": peak.machine(), "clock": training_bench.timed_by(threads)}
    return record | {"rows": [asdict(row) | {"ratio": row.ratio, "over_one": row.over_one} for row in rows]}


def _batched(cases: Sequence[str], signs: int, batches: Sequence[int]) -> list[tuple[str, int]]:
    """Cases with their batches: one that is written behind a last @, beyond the `signs` that belong to the case."""
    found: list[tuple[str, int]] = []
    for case in cases:
        name, _, batch = case.rpartition("@")
        if case.count("@") <= signs:
            found += [(case, images) for images in batches]
        elif batch.isdecimal() and len(batch) < 10:
            found.append((name, int(batch)))
        else:
            raise BadInput(f"'{batch}' is no batch.", "Write it like 784-1024x3-10@100 or 128@32x32@16.")
    return found


def _collected(events: Iterator[Slice]) -> Record:
    record: Record = {"machine": "", "clock": "", "peak": {}, "computed_peaks": {}, "rows": []}
    measured: list[m.BenchRow] = []
    for event in events:
        if isinstance(event, m.BenchPeak) and event.device:
            record["computed_peaks"][event.device] = _ceilings(event)
        elif isinstance(event, m.BenchPeak):
            record |= {"machine": event.machine, "clock": event.clock, "peak": _ceilings(event)}
        elif isinstance(event, m.BenchRow):
            measured.append(event)
            row = asdict(event)
            spread = None if event.high_ms is None or event.low_ms is None else event.high_ms - event.low_ms
            record["rows"].append({**row, "iqr_ms": spread})
    return {**record, "said": _said(measured)}


def _ceilings(peak: m.BenchPeak) -> Record:
    return {
        "popcount_gmacs": peak.popcount_gmacs,
        "fp32_gmacs": peak.fp32_gmacs,
        "read_gbs": dict(peak.read_gbs),
    }


def _said(rows: Sequence[m.BenchRow]) -> list[str]:
    """Of each case on a GPU, how the kernels stand against its tensor cores."""
    cases = dict.fromkeys(row.case for row in rows if row.device)
    sentences = {case: against_tensor_cores([row for row in rows if row.case == case]) for case in cases}
    return [f"{case}: {sentence}" for case, sentence in sentences.items() if sentence]


def _scored(
    network: Network, wanted: Sequence[str], images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> deploy.Scoreboard:
    with threadpoolctl.threadpool_limits(1):
        programs = {one.name: one.load(network) for one in deploy.able(network, wanted)}
        for board in deploy.score(network, programs, images, labels):
            scored = board
    return scored


def _answers(
    network: Network, name: str | None, images: Sequence[NDArray[np.uint8]]
) -> tuple[Backend, list[tuple[NDArray[np.float32], float]]]:
    """Who answers, and the scores [classes] of each image with the seconds they took."""
    one = _chosen(network, name)
    program = one.load(network)
    program.warm()
    with threadpoolctl.threadpool_limits(1):
        answers = [timed(program, taken(network, image[None])) for image in images]
    return one, [(scores[0], seconds) for scores, seconds in answers]


def _chosen(network: Network, name: str | None) -> Backend:
    if name == "all":
        raise BadInput("Here one backend answers.", "Name it, or leave --backend out for the best that is ready.")
    if name is not None:
        return deploy.able(network, [name])[0]
    return best("xnor" if isinstance(network, PackedNetwork) else "float")


def _data_state(state: catalogue.State) -> Record:
    """What is ready is read whole, so that damage shows."""
    record = {"name": state.name, "ready": state.ready, "note": state.note}
    if not state.ready:
        return record
    try:
        dataset = datasets.load(state.name)
    except FlipscopeError as error:
        return record | {"ready": False, "note": str(error)}
    counts = f"{len(dataset.train_images):,} training and {len(dataset.test_images):,} test images"
    return record | {"note": counts}


def _versions() -> dict[str, str]:
    found = {package: _version(package) for package in (*PACKAGES, *CUPY)}
    cupy = [name for name in CUPY if found[name] is not None] or CUPY[:1]
    return {name: found[name] or "not installed" for name in (*PACKAGES, *cupy)}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
