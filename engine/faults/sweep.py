"""Accuracy against the rate of broken bits: many draws of failing cells, each scored over a whole test set."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine import datasets
from engine import messages as m
from engine.datasets import Dataset
from engine.errors import Unsupported
from engine.faults.cells import Failures
from engine.faults.floats import Float32Memory, Int8Memory
from engine.faults.memories import NO_ANSWER, CodedMemory, Images, Memory, PackedMemory, RebuiltMemory
from engine.faults.programming import SAFE, Choice, Curve, choice
from engine.inference import deploy, modelfile
from engine.inference.backend import Ready, backend
from engine.inference.network import FloatNetwork, PackedNetwork
from engine.inference.rules import taken
from engine.labs import Source
from engine.labs.faults import FaultPoint, FaultSummary, Programming, RunFaults, title
from engine.streams import stream
from engine.worker import Run

TOGETHER = {"read": 1000, "image": 1}
"""Images that are read with the same bits wrong; all of them where bits are stored wrong."""
MOST_IMAGES = {"image": 1000}
"""How many images are read at most."""


@dataclass
class Series:
    """One curve: a memory, which of its layers have faults, and the test images as it takes them."""

    name: str
    memory: Memory
    layers: Sequence[int]
    images: Images
    packed: bool = True
    seconds: float = 0.0
    """What one draw takes, about."""
    accuracies: dict[float, float] = field(default_factory=dict)
    """The mean of each rate."""


@dataclass(frozen=True)
class Trial:
    """The test set u8 [B, H, W, C], and how cells fail."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    failures: Failures
    seed: int

    def draw(self, series: Series, rate: float, number: int) -> tuple[float, float]:
        """Share of the answers that are right, and that are none, with cells failing as in draw `number`."""
        right = silent = 0
        size = TOGETHER.get(self.failures.kind, len(self.images))
        for start in range(0, len(self.images), size):
            for layer in series.layers if rate else ():
                rng = stream("faults", self.seed, number, layer, start)
                stored = partial(series.memory.stored, layer)
                series.memory.flip(layer, self.failures.draw(rng, series.memory.cells[layer], rate, stored))
            answers = series.memory.answers(series.images[start : start + size])
            series.memory.restore()
            right += int((answers == self.labels[start : start + size]).sum())
            silent += int((answers == NO_ANSWER).sum())
        return right / len(self.images), silent / len(self.images)


def sweep(request: RunFaults) -> Run:
    """Yields Progress, a FaultPoint for every series and rate, Programming and FaultSummary. Raises FlipscopeError."""
    began = time.perf_counter()
    network, dataset = _packed(request.model)
    trial = _trial(request, dataset)
    yield m.Progress("job", "Preparing")
    every = list(_series(request, network, dataset, trial.images))
    for series in every:
        yield from _first(trial, series)
    done, rates = 0.0, sorted({rate for rate in request.rates if rate})
    whole = request.draws * len(rates) * sum(series.seconds for series in every)
    spent: list[float] = []
    for series in every:
        for rate in rates:
            drawn = []
            for number in range(request.draws):
                yield m.Progress("job", f"{title(series.name)}, {rate:g} broken", done / whole)
                started = time.perf_counter()
                drawn.append(trial.draw(series, rate, number))
                spent += [time.perf_counter() - started] * series.packed
                done += series.seconds
            yield _point(series, rate, drawn)
    yield Programming(_choices(request, {series.name: series.accuracies for series in every}))
    yield FaultSummary(
        network.metadata.name, request.failures.kind, len(trial.images), network.weight_count,
        len(spent) / sum(spent) if spent else 0.0, time.perf_counter() - began,
    )  # fmt: skip


def _first(trial: Trial, series: Series) -> Run:
    """A series without faults: once, which also tells how long a draw takes."""
    yield m.Progress("job", f"{title(series.name)}, nothing broken")
    started = time.perf_counter()
    clean = trial.draw(series, 0.0, 0)
    series.seconds = time.perf_counter() - started
    yield _point(series, 0.0, [clean])


def _point(series: Series, rate: float, drawn: Sequence[tuple[float, float]]) -> FaultPoint:
    accuracies, silent = np.array(drawn).T
    series.accuracies[rate] = float(accuracies.mean())
    return FaultPoint(series.name, rate, accuracies, float(silent.mean()))


def _series(
    request: RunFaults, network: PackedNetwork, dataset: Dataset, images: NDArray[np.uint8]
) -> Iterator[Series]:
    """What is compared: the network, coded and by layers, the hardened one, the twins."""
    own, memory, layers = taken(network, images), _memory(network, request), range(len(list(network.layers())))
    yield Series("network", memory, layers, own)
    yield Series("coded", CodedMemory(_memory(network), network), layers, own)
    if request.hardened:
        hardened, _ = _packed(request.hardened, dataset)
        every = range(len(list(hardened.layers())))
        yield Series("hardened", _memory(hardened, request), every, taken(hardened, images))
    if request.twin:
        twin = _float(request.twin, dataset)
        every = range(len(twin.operations))
        yield Series("float32", Float32Memory(twin), every, images, packed=False)
        yield Series("int8", Int8Memory(twin), every, images, packed=False)
    if request.layers:
        yield from (Series(f"layer {layer + 1}", memory, [layer], own) for layer in layers)


def _memory(network: PackedNetwork, request: RunFaults | None = None) -> Memory:
    """The quickest memory there is for a network."""
    thresholds = request is not None and request.thresholds
    if thresholds or not isinstance(backend("cpu-xnor").probe(), Ready):
        return RebuiltMemory(network, thresholds=thresholds)
    return PackedMemory(network)


def _trial(request: RunFaults, dataset: Dataset) -> Trial:
    most = MOST_IMAGES.get(request.failures.kind)
    images, labels = np.ascontiguousarray(dataset.test_images[:most]), dataset.test_labels[:most]
    return Trial(images, labels, request.failures, request.seed)


def _packed(source: Source, dataset: Dataset | None = None) -> tuple[PackedNetwork, Dataset]:
    network = modelfile.load(source)
    if not isinstance(network, PackedNetwork):
        raise Unsupported(f"'{network.metadata.name}' has float weights, no signs.", "Choose a binarized network.")
    dataset = dataset or datasets.load(network.metadata.dataset)
    deploy.check_fit(network, dataset)
    return network, dataset


def _float(source: Source, dataset: Dataset) -> FloatNetwork:
    network = modelfile.load(source)
    if not isinstance(network, FloatNetwork):
        raise Unsupported(f"'{network.metadata.name}' has binary weights.", "Choose a float network as the twin.")
    deploy.check_fit(network, dataset)
    return network


def _choices(request: RunFaults, means: dict[str, dict[float, float]]) -> dict[str, Choice]:
    """Programming without faults, and as weakly as the loss of accuracy allows."""
    found = {}
    for name in ("network", "coded"):
        curve = Curve(list(means[name]), list(means[name].values()), coded=name == "coded")
        if name == "network":
            found["safe"] = choice(request.junction, request.overdrive, curve, SAFE)
        found[name] = choice(request.junction, request.overdrive, curve, curve.bearable(request.loss))
    return found
