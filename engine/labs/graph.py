"""Binarized graph networks: one bit for a weight, and a code of one bit a feature for every node."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.bits import Words
from engine.errors import BadInput, UnknownName
from engine.graph.published import KARATE
from engine.graph.recipes import BINARY_MODELS, MODELS, TITLES, float_twin
from engine.labs import Record, check_range, plain
from engine.tables import table
from engine.worker import Run

BITS, SEEDS = 64, 10
MOST_BITS, MOST_SEEDS, MOST_EPOCHS = 1024, 1000, 100_000
LENGTHS = (2, 4, 8, 16, 32, 64, 128, 256, 512)

Series = Literal["network", "twin"]


@dataclass(frozen=True)
class RunGraph(m.RunLab):
    """Train a network on a graph from several seeds, and measure it as it is deployed.

    data: a graph's name, or the path of one. model: by its name in recipes. bits: units of its hidden layer.
    twin: beside a binary one train its float twin as well. lengths: also train with codes of so many bits each.
    epochs: instead of the recipe's, 0 for those. layout: also place the nodes, for the window.
    Raises BadInput, UnknownName.
    """

    world: ClassVar[m.World] = "torch"
    lab: ClassVar[str] = "graph"
    data: str = KARATE
    model: str = "bi-gcn"
    bits: int = BITS
    seeds: int = SEEDS
    twin: bool = True
    lengths: tuple[int, ...] = ()
    epochs: int = 0
    layout: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise UnknownName("graph network", self.model, MODELS)
        for bits in (self.bits, *self.lengths):
            check_range("number of bits", bits, 1, MOST_BITS)
        check_range("number of seeds", self.seeds, 1, MOST_SEEDS)
        check_range("number of epochs", self.epochs, 0, MOST_EPOCHS)
        if self.lengths and self.model not in BINARY_MODELS:
            raise BadInput(f"{TITLES[self.model]} has no codes of bits.", f"Choose one of {', '.join(BINARY_MODELS)}.")

    @property
    def series(self) -> dict[Series, str]:
        """The models that are trained, by the part they play."""
        own: dict[Series, str] = {"network": self.model}
        return own | {"twin": float_twin(self.model)} if self.twin and self.model in BINARY_MODELS else own


@dataclass(frozen=True)
class GraphShape(m.LabResult):
    """The graph that is learned from.

    edges: int32 [2, E]. labels: int16 [nodes], -1 where not known. part: int8 [nodes], see PARTS.
    """

    title: str
    words: int
    edges: NDArray[np.int32]
    labels: NDArray[np.int16]
    part: NDArray[np.int8]
    class_names: tuple[str, ...]


PARTS = ("", "training", "validation", "test")
"""What GraphShape.part says of a node."""


@dataclass(frozen=True)
class GraphPlaces(m.LabResult):
    """Where the nodes are now: float32 [nodes, 2], within +-1. final: they stay there."""

    places: NDArray[np.float32]
    final: bool


@dataclass(frozen=True)
class GraphEpoch(m.LabResult):
    """The network of the first seed in training, or at its end as it is kept (final).

    accuracies: 0..1 by the parts that have nodes. predictions: int16 [nodes]. code: uint64 [nodes, …] of a binary
    network, None of a float one.
    """

    series: Series
    epoch: int
    epochs: int
    loss: float
    accuracies: dict[str, float]
    predictions: NDArray[np.int16]
    code: Words | None
    final: bool = False


@dataclass(frozen=True)
class GraphSeed(m.LabResult):
    """One seed's network, kept by its validation loss. seconds: of its training."""

    series: Series
    model: str
    seed: int
    test: float
    validation: float | None
    epoch: int
    seconds: float


@dataclass(frozen=True)
class GraphLength(m.LabResult):
    """Test accuracies float64 [seeds] of networks with codes of so many bits, and how well the first one's retrieve."""

    bits: int
    accuracies: NDArray[np.float64]
    precision: float


@dataclass(frozen=True)
class GraphCosts(m.LabResult):
    """The first seed's networks: bytes and seconds by the names of engine.graph.costs. backend: who multiplied bits."""

    memory: dict[str, int]
    seconds: dict[str, float]
    backend: str


@dataclass(frozen=True)
class GraphRetrieval(m.LabResult):
    """The share of the nearest others of a test node that are of its class, by what they are compared by."""

    nearest: int
    precision: dict[str, float]


class GraphLab:
    """See engine.labs.Lab."""

    name: ClassVar[str] = "graph"
    summary: ClassVar[str] = "graph networks whose weights and node codes are of one bit"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        models = "; ".join(f"{name}: {title}" for name, title in TITLES.items())
        lengths = " ".join(map(str, LENGTHS))
        parser.add_argument(
            "--data", default=KARATE, metavar="G", help="karate (default), cora, citeseer, pubmed, or a path"
        )
        parser.add_argument("--model", default="bi-gcn", metavar="M", help=f"(default %(default)s) {models}")
        parser.add_argument(
            "--bits", type=int, default=BITS, metavar="N", help="of a node's code (default %(default)s)"
        )
        parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help="(default %(default)s)")
        parser.add_argument(
            "--no-twin", action="store_true", help="leave out the float twin, and what is compared with it"
        )
        parser.add_argument(
            "--lengths", type=int, nargs="*", metavar="N", help=f"also codes of so many bits (or {lengths})"
        )
        parser.add_argument("--epochs", type=int, metavar="N", help="(default: the recipe's)")

    def request(self, options: argparse.Namespace) -> RunGraph:
        lengths = LENGTHS if options.lengths == [] else tuple(options.lengths or ())
        if options.epochs is not None:
            check_range("number of epochs", options.epochs, 1, MOST_EPOCHS)
        return RunGraph(
            options.data,
            options.model,
            options.bits,
            options.seeds,
            not options.no_twin,
            lengths,
            options.epochs or 0,
        )

    def options(self, request: RunGraph) -> Record:
        return {
            "data": request.data,
            "model": request.model,
            "bits": request.bits,
            "seeds": request.seeds,
            "no_twin": not request.twin,
            "lengths": list(request.lengths) or None,
            "epochs": request.epochs or None,
        }

    def run(self, request: RunGraph) -> Run:
        from engine.graph.experiment import experiment

        return experiment(request)

    def record(self, results: Sequence[m.LabResult]) -> Record:
        record: Record = {"lengths": []}
        seeds: dict[str, list[GraphSeed]] = {}
        for result in results:
            match result:
                case GraphShape():
                    record |= {"data": result.title, "nodes": len(result.labels), "edges": result.edges.shape[1]}
                    record |= {"words": result.words, "classes": list(result.class_names)}
                case GraphSeed():
                    seeds.setdefault(result.series, []).append(result)
                case GraphLength():
                    found = {"mean": float(result.accuracies.mean()), "deviation": float(result.accuracies.std())}
                    record["lengths"].append(plain(result) | found)
                case GraphCosts() | GraphRetrieval():
                    record |= plain(result)
        return record | {series: _summary(found) for series, found in seeds.items()}

    def lines(self, record: Record) -> Iterator[str]:
        yield (
            f"{record['data']}: {record['nodes']:,} nodes, {record['edges']:,} edges, {record['words']:,} words, "
            f"{len(record['classes'])} classes"
        )
        networks = [record[key] for key in ("network", "twin") if key in record]
        rows = [(TITLES[one["model"]], in_short(one), len(one["test"]), f"{one['seconds']:.1f} s") for one in networks]
        yield from table(("network", "test accuracy", "seeds", "training a seed"), rows)
        if record["lengths"]:
            yield ""
            codes = [(one["bits"], in_short(one), f"{100 * one['precision']:.1f} %") for one in record["lengths"]]
            yield from table(("bits of a code", "test accuracy", "retrieval"), codes)
        if "memory" in record:
            yield ""
            yield from cost_lines(record["memory"], record["seconds"], record["backend"])
        if "precision" in record:
            found = ", ".join(f"{name} {100 * share:.1f} %" for name, share in record["precision"].items())
            yield f"Of the {record['nearest']} nearest others of the same class: {found}"


def in_short(one: Record) -> str:
    """The accuracy of some seeds for people, in percent."""
    spread = f" ± {100 * one['deviation']:.1f}" if one["deviation"] else ""
    return f"{100 * one['mean']:.1f}{spread} %"


def cost_lines(memory: dict[str, int], seconds: dict[str, float], backend: str) -> Iterator[str]:
    """Memory and time against float for people."""
    kilo = {name: f"{size / 1e3:,.1f}" for name, size in memory.items()}
    yield f"Weights {kilo['network_bits']} against {kilo['network_float']} kB in float32"
    yield (
        f"Words {kilo['words_bits']} against {kilo['words_float_dense']} kB in float32, "
        f"{kilo['words_float_sparse']} kB where only those that are there are kept"
    )
    yield f"Codes {kilo['codes_bits']} against {kilo['codes_float']} kB"
    milli = {name: f"{1e3 * one:.2f}" for name, one in seconds.items()}
    dense = f"{milli['float_dense']} ms dense, " if "float_dense" in milli else ""
    yield f"All scores in {milli['bits']} ms by {backend}; in float32 {dense}{milli['float_sparse']} ms sparse"


def _summary(found: Sequence[GraphSeed]) -> dict[str, Any]:
    tests = [one.test for one in found]
    return {
        "model": found[0].model,
        "mean": float(np.mean(tests)),
        "deviation": float(np.std(tests)),
        "test": tests,
        "validation": [one.validation for one in found],
        "epoch": [one.epoch for one in found],
        "seconds": float(np.mean([one.seconds for one in found])),
    }


LAB = GraphLab()
