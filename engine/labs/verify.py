"""Verification: what a network on bits says to every input near a digit, counted or proved."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.errors import BadInput, UnknownName
from engine.labs import Record, Source, check_range, named, plain
from engine.worker import Run

ENGINES = {
    "auto": "the one that suits the question",
    "bdd": "counts with decision diagrams, however many inputs there are",
    "enumerate": "tries every input",
    "sat": "finds an input of another class, or proves that there is none; does not count",
}
"""The engines of engine.verify.queries, each in half a sentence."""

NODES, SECONDS = 10_000_000, 60.0
"""Limits by default: half a gigabyte of diagrams. The largest ball of radius 3 of verify-100-50-10 that was seen took
3.6 million nodes, 4.5 million on the way."""
MAX_RADIUS, MAX_SWEEP = 10_000, 10_000


@dataclass(frozen=True)
class RunVerify(m.RunLab):
    """Ask about the Hamming ball of this radius about one input, and with `sweep` about those of many test images.

    imported: a description instead of a model (engine.verify.described), or "". The input: test image number `index`,
    or a picture's path, or an image u8 [H, W, C]; none of them where only a sweep is asked for.
    explain: also which of its bits force the class. tolerance: also the largest radius, at most `radius`, up to which
    at most this share fails at each; None for not. nodes, seconds: limits of each question.
    sweep: so many test images. other: a model to sweep beside it, or "". Raises BadInput, UnknownName.
    """

    lab: ClassVar[str] = "verify"
    model: Source
    radius: int
    imported: str = ""
    index: int | None = None
    picture: str = ""
    image: m.Image | None = None
    engine: str = "auto"
    explain: bool = False
    tolerance: float | None = None
    nodes: int = NODES
    seconds: float = SECONDS
    sweep: int = 0
    other: Source = ""

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UnknownName("engine", self.engine, ENGINES)
        check_range("radius", self.radius, 0, MAX_RADIUS)
        check_range("limit of nodes", self.nodes, 1000, 10**9)
        check_range("time limit", self.seconds, 0.01, 86_400)
        check_range("number of images to sweep", self.sweep, 0, MAX_SWEEP)
        check_range("tolerance", self.tolerance or 0.0, 0, 1)
        if bool(self.model) == bool(self.imported):
            raise BadInput("One network can be verified at a time.", "Give a model file, or a description of one.")
        inputs = (self.index is not None) + bool(self.picture) + (self.image is not None)
        if inputs > 1 or not (inputs or self.sweep):
            raise BadInput(f"{inputs or 'No'} inputs are asked about.", "Choose one test image, or one picture.")


@dataclass(frozen=True)
class Verdict(m.LabResult):
    """What was found about one region (engine.verify.answers.Answer). centre, counterexample: bool [H, W].

    why: why this engine, where it was chosen. per_class: exact, one for each of class_names; None if not counted.
    """

    model: str
    class_names: tuple[str, ...]
    centre: NDArray[np.bool_]
    radius: int
    status: str
    label: str
    region_size: int
    robust: int | None
    per_class: tuple[int, ...] | None
    counterexample: NDArray[np.bool_] | None
    counterclass: str | None
    engine: str
    why: str
    nodes: int | None
    library: str
    seconds: float
    note: str


@dataclass(frozen=True)
class Explanation(m.LabResult):
    """Bits of the input, by number: those that force its class, and those that change it when they alone do.

    forcing: int64 [n]; as long as they are kept, no input within the radius has another class. None where none were
    found. minimal: whether each of them is needed; `note` says why that was not found out.
    """

    radius: int
    forcing: NDArray[np.int64] | None
    minimal: bool
    essential: NDArray[np.int64]
    seconds: float
    note: str


@dataclass(frozen=True)
class LargestRadius(m.LabResult):
    """The largest radius, of those asked, up to which at each at most this share of the inputs fails."""

    tolerance: float
    largest_radius: int
    note: str


@dataclass(frozen=True)
class SweepCurve(m.LabResult):
    """One network so far: of so many test images, int64 [radius + 1], how many are right and stay so within a radius.

    unknown: int64 [radius + 1], of how many that was not found out. order: 0 for the model, 1 for the other.
    """

    order: int
    model: str
    images: int
    robust: NDArray[np.int64]
    unknown: NDArray[np.int64]


class Verify:
    """See engine.labs.Lab."""

    name: ClassVar[str] = "verify"
    summary: ClassVar[str] = "how many of the inputs near a digit keep its class, exactly"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default="", help="a model file of a network on bits")
        parser.add_argument("--import-network", default="", metavar="FILE", help="a description of a network instead")
        parser.add_argument("--image", default="", metavar="PNG", help="a picture of a digit")
        parser.add_argument("--index", type=int, metavar="N", help="a test image by number")
        parser.add_argument("--radius", type=int, default=2, metavar="R", help="bits that may change (default 2)")
        parser.add_argument("--engine", default="auto", metavar="E", help="; ".join(map(": ".join, ENGINES.items())))
        parser.add_argument(
            "--max-nodes", type=int, default=NODES, metavar="N", help="of diagrams (default %(default)s)"
        )
        parser.add_argument("--time-limit", type=float, default=SECONDS, metavar="S", help="(default %(default)s)")
        parser.add_argument("--explain", action="store_true", help="also the bits that force the class")
        parser.add_argument(
            "--tolerance", type=float, metavar="E", help="also the largest radius where this share fails"
        )
        parser.add_argument("--sweep", type=int, default=0, metavar="N", help="robust accuracy over N test images")
        parser.add_argument("--other", default="", metavar="FILE", help="a second network for the sweep")

    def request(self, options: argparse.Namespace) -> RunVerify:
        return RunVerify(
            options.file,
            options.radius,
            imported=options.import_network,
            index=options.index,
            picture=options.image,
            engine=options.engine,
            explain=options.explain,
            tolerance=options.tolerance,
            nodes=options.max_nodes,
            seconds=options.time_limit,
            sweep=options.sweep,
            other=options.other,
        )

    def options(self, request: RunVerify) -> Record:
        if request.image is not None:
            raise BadInput("What was drawn is in no file that a command could read.", "Ask about a test digit.")
        return {
            "file": named(request.model),
            "radius": request.radius,
            "import_network": request.imported,
            "index": request.index,
            "image": request.picture,
            "engine": request.engine,
            "explain": request.explain,
            "tolerance": request.tolerance,
            "max_nodes": request.nodes,
            "time_limit": request.seconds,
            "sweep": request.sweep,
            "other": named(request.other),
        }

    def run(self, request: RunVerify) -> Run:
        from engine.verify.asked import asked

        return asked(request)

    def record(self, results: Sequence[m.LabResult]) -> Record:
        record: Record = {}
        curves: dict[int, SweepCurve] = {}
        for result in results:
            if isinstance(result, SweepCurve):
                curves[result.order] = result
            elif isinstance(result, Verdict):
                record |= plain(result)
            elif isinstance(result, Explanation):
                record["explanation"] = plain(result)
            elif isinstance(result, LargestRadius):
                record["largest"] = plain(result)
        return record | ({"sweep": [plain(curve) for curve in curves.values()]} if curves else {})

    def lines(self, record: Record) -> Iterator[str]:
        if "status" in record:
            yield from _verdict_lines(record)
        if "explanation" in record:
            found = record["explanation"]
            yield f"Bits that force the class within radius {found['radius']}: {_forcing(found)}"
            yield f"Bits that change it alone: {_listed(found['essential']) or 'none'}"
        if "largest" in record:
            found = record["largest"]
            share, radius = found["tolerance"], found["largest_radius"]
            yield f"Largest radius up to which at most {share:.2%} fail: {radius}. {found['note']}".rstrip()
        for curve in record.get("sweep", ()):
            yield f"{curve['model']}, {curve['images']} test images, right and robust within a radius:"
            for radius, (robust, unknown) in enumerate(zip(curve["robust"], curve["unknown"], strict=True)):
                yield f"  {radius}: {robust}" + (f" ({unknown} not found out)" if unknown else "")


def _verdict_lines(record: Record) -> Iterator[str]:
    yield f"{record['status']}: '{record['label']}', {record['region_size']:,} inputs within radius {record['radius']}"
    yield " ".join(
        filter(None, (f"by {record['engine']} in {record['seconds']:.2f} s.", record["why"], record["note"]))
    )
    if record["nodes"] is not None:
        yield f"{record['nodes']:,} nodes ({record['library']})"
    if record["per_class"] is not None:
        yield f"{record['robust']:,} keep the class ({record['robust'] / record['region_size']:.4%})"
        pairs = zip(record["class_names"], record["per_class"], strict=True)
        yield "Classes: " + ", ".join(f"{name}: {count:,}" for name, count in pairs if count)
    if record["counterexample"] is not None:
        changed = np.flatnonzero(np.array(record["counterexample"]) != np.array(record["centre"]))
        yield f"With bits {_listed(changed.tolist())} changed it is '{record['counterclass']}'"


def _forcing(found: Record) -> str:
    if found["forcing"] is None:
        return f"not found. {found['note']}"
    needed = "" if found["minimal"] else f" (perhaps not all are needed. {found['note']})"
    return f"{_listed(found['forcing']) or 'none is needed'}{needed}"


def _listed(numbers: Sequence[int] | None) -> str:
    return ", ".join(map(str, numbers or ()))


LAB = Verify()
