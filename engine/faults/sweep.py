"""Accuracy against the rate of broken bits: many draws of failing cells, each scored over a whole test set."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from engine import datasets, threads
from engine import messages as m
from engine.datasets import Dataset
from engine.errors import BadInput, Unsupported
from engine.faults.floats import Float32Memory, Int8Memory
from engine.faults.memories import CodedMemory, Images, Memory, PackedMemory, RebuiltMemory
from engine.faults.programming import SAFE, Choice, Curve, choice
from engine.faults.trial import Memories, Score, Series, Trial
from engine.inference import deploy, modelfile
from engine.inference.backend import Ready, backend
from engine.inference.network import FloatNetwork, Network, PackedNetwork
from engine.labs import Source
from engine.labs.faults import FaultPoint, FaultSummary, Programming, RunFaults, title
from engine.worker import Run

MOST_IMAGES = {"image": 1000}
"""How many images are read at most."""


def sweep(request: RunFaults) -> Run:
    """Yields Progress, a FaultPoint for every series and rate, Programming and FaultSummary. Raises FlipscopeError.

    Draws go side by side on as many threads as there are.
    """
    began, workers = time.perf_counter(), threads.limit()
    network, dataset = _packed(request.model)
    trial = _trial(request, dataset)
    yield m.Progress("job", "Preparing")
    rates = sorted({rate for rate in request.rates if rate})
    pool = ThreadPoolExecutor(workers, thread_name_prefix="draw")
    try:
        with threads.limited(1):
            every = list(_series(request, network, dataset, dataset.test_images[: len(trial.labels)]))
            for series in every:
                yield from _first(trial, series, rates[len(rates) // 2])
            pace = yield from _drawn(trial, every, rates, request.draws, pool)
    finally:
        pool.shutdown(cancel_futures=True)
    yield Programming(_choices(request, {series.name: series.accuracies for series in every}))
    yield FaultSummary(
        network.metadata.name, request.failures.kind, len(trial.labels), network.weight_count,
        pace, time.perf_counter() - began,
    )  # fmt: skip


def _first(trial: Trial, series: Series, rate: float) -> Run:
    """A series without faults, and how long a draw at a rate takes."""
    yield m.Progress("job", f"{title(series.name)}, nothing broken")
    yield _point(series, 0.0, [trial.draw(series, 0.0, 0)])
    started = time.perf_counter()
    trial.draw(series, rate, 0)
    series.seconds = time.perf_counter() - started


def _drawn(
    trial: Trial, every: Sequence[Series], rates: Sequence[float], draws: int, pool: ThreadPoolExecutor
) -> Generator[m.Event, None, float]:
    """Every series at every rate; gives the draws a second of packed networks."""
    done, whole = 0.0, draws * len(rates) * sum(series.seconds for series in every)
    count, seconds = 0, 0.0
    tasks = [(rate, number) for rate in rates for number in range(draws)]
    for series in every:
        began = time.perf_counter()
        scores = pool.map(partial(trial.draw, series), *zip(*tasks, strict=True))
        for rate in rates:
            found = []
            for _ in range(draws):
                yield m.Progress("job", f"{title(series.name)}, {rate:g} broken", done / whole)
                found.append(next(scores))
                done += series.seconds
            yield _point(series, rate, found)
        if series.packed:
            count, seconds = count + len(tasks), seconds + time.perf_counter() - began
    return count / seconds


def _point(series: Series, rate: float, drawn: Sequence[Score]) -> FaultPoint:
    accuracies, silent = np.array(drawn).T
    series.accuracies[rate] = float(accuracies.mean())
    return FaultPoint(series.name, rate, accuracies, float(silent.mean()))


def _series(request: RunFaults, network: PackedNetwork, dataset: Dataset, images: Images) -> Iterator[Series]:
    """What is compared: the network, coded and by layers, the hardened one, the twins."""
    first, layers = _memory(network, images, request), range(len(list(network.layers())))
    own = Memories(first)
    yield Series("network", own, layers)
    sound = _memory(network, images) if request.thresholds else first.another()
    yield Series("coded", Memories(CodedMemory(sound, network)), layers)
    if request.hardened:
        hardened, others = _packed(request.hardened, dataset)
        _check_classes(hardened, others, dataset)
        every = range(len(list(hardened.layers())))
        yield Series("hardened", Memories(_memory(hardened, images, request)), every)
    if request.twin:
        twin = _float(request.twin, dataset)
        every = range(len(twin.operations))
        yield Series("float32", Memories(Float32Memory(twin, images)), every, packed=False)
        yield Series("int8", Memories(Int8Memory(twin, images)), every, packed=False)
    if request.layers:
        yield from (Series(f"layer {layer + 1}", own, [layer]) for layer in layers)


def _memory(network: PackedNetwork, images: Images, request: RunFaults | None = None) -> Memory:
    """The quickest memory there is for a network."""
    thresholds = request is not None and request.thresholds
    if thresholds or not isinstance(backend("cpu-xnor").probe(), Ready):
        return RebuiltMemory(network, images, thresholds=thresholds)
    return PackedMemory(network, images)


def _trial(request: RunFaults, dataset: Dataset) -> Trial:
    return Trial(dataset.test_labels[: MOST_IMAGES.get(request.failures.kind)], request.failures, request.seed)


def _packed(source: Source, dataset: Dataset | None = None) -> tuple[PackedNetwork, Dataset]:
    network = modelfile.load(source)
    if not isinstance(network, PackedNetwork):
        raise Unsupported(f"'{network.metadata.name}' has float weights, no signs.", "Choose a binarized network.")
    dataset = dataset or datasets.load(network.metadata.dataset)
    return network, deploy.fitted(network, dataset)


def _float(source: Source, dataset: Dataset) -> FloatNetwork:
    network = modelfile.load(source)
    if not isinstance(network, FloatNetwork):
        raise Unsupported(f"'{network.metadata.name}' has binary weights.", "Choose a float network as the twin.")
    _check_classes(network, deploy.fitted(network, dataset), dataset)
    return network


def _check_classes(network: Network, fitted: Dataset, dataset: Dataset) -> None:
    """Raise BadInput where a network tells the classes apart in another order than the one it is compared with."""
    if not np.array_equal(fitted.test_labels, dataset.test_labels):
        what = f"'{network.metadata.name}' has the classes of '{dataset.name}' in another order."
        raise BadInput(what, "Compare networks that were trained on the same data.")


def _choices(request: RunFaults, means: dict[str, dict[float, float]]) -> dict[str, Choice]:
    """Programming without faults, and as weakly as the loss of accuracy allows."""
    found = {}
    for name in ("network", "coded"):
        rates = [rate * request.failures.wrong for rate in means[name]]  # of failing cells not all read wrong
        curve = Curve(rates, list(means[name].values()), coded=name == "coded")
        if name == "network":
            found["safe"] = choice(request.junction, request.overdrive, curve, SAFE)
        found[name] = choice(request.junction, request.overdrive, curve, curve.bearable(request.loss))
    return found
