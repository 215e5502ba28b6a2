"""Tensor train: how small can a dense layer get? One layer taken apart, and the paper's digits by bits and accuracy."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from engine import messages as m
from engine.errors import BadInput, UnknownName
from engine.labs import Record, named, plain
from engine.tables import table
from engine.tensortrain import paper
from engine.tensortrain.messages import (
    CORES,
    EPOCHS,
    FAMILIES,
    RANKS,
    Errors,
    Form,
    Layer,
    Point,
    RunCompress,
    RunDigits,
    Spectrum,
    Timing,
)
from engine.tensortrain.modes import Modes, dotted, parsed
from engine.worker import Run


class Compress:
    """See engine.labs.Lab."""

    name: ClassVar[str] = "compress"
    summary: ClassVar[str] = "how small a dense layer can get as a tensor train"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default="", help="a model file of a network of dense layers")
        parser.add_argument("--layer", type=int, metavar="N", help="which, from 1 at the input side (default: largest)")
        known = ", ".join(paper.NAMED)
        parser.add_argument("--shape", default="", metavar="INxOUT", help=f"no weights, a shape: 25088x4096, {known}")
        parser.add_argument("--input-modes", default="", metavar="N,N,…", help="factors of the inputs: 2,7,8,8,7,4")
        parser.add_argument("--output-modes", default="", metavar="M,M,…", help="factors of the outputs: 4,4,4,4,4,4")
        parser.add_argument("--cores", type=int, default=CORES, metavar="D", help="without factors (default 4)")
        parser.add_argument("--ranks", type=int, nargs="+", metavar="R", help="one, or one for each bond (default 8)")
        parser.add_argument("--accuracy", type=float, metavar="E", help="lose at most this share instead of ranks")
        parser.add_argument("--epochs", type=int, metavar="N", help="of fine-tuning (1), or of each network (3)")
        parser.add_argument("--no-times", action="store_true", help="time nothing")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--digits", nargs="*", metavar="FAMILY", help=f"train on MNIST: {', '.join(FAMILIES)}")

    def request(self, options: argparse.Namespace) -> RunCompress | RunDigits:
        modes = _modes(options.output_modes, options.input_modes)
        ranks = None if options.ranks is None else tuple(options.ranks)
        if options.digits is not None:
            if options.file or options.shape:
                raise BadInput("--digits trains networks of its own.", "Leave the file or the shape out.")
            families = tuple(options.digits) or tuple(FAMILIES)
            epochs = EPOCHS if options.epochs is None else options.epochs
            return RunDigits(families, ranks or RANKS, modes or paper.MNIST.modes[0], epochs, options.seed)
        if bool(options.file) == bool(options.shape):
            raise BadInput("One layer is compressed at a time.", "Give a model file, --shape INxOUT, or --digits.")
        shape = _shape(options.shape) if options.shape else paper.Named("", 0, 0, ())
        return RunCompress(
            options.file,
            options.layer,
            shape.outputs,
            shape.inputs,
            modes or next(iter(shape.modes), None),
            options.cores,
            (8,) if ranks is None else ranks,
            options.accuracy,
            1 if options.epochs is None else options.epochs,
            not options.no_times,
            options.seed,
        )

    def options(self, request: RunCompress | RunDigits) -> Record:
        modes = request.modes
        values: Record = {
            "ranks": request.ranks,
            "epochs": request.epochs,
            "seed": request.seed,
            "output_modes": "" if modes is None else ",".join(map(str, modes.outputs)),
            "input_modes": "" if modes is None else ",".join(map(str, modes.inputs)),
        }
        if isinstance(request, RunDigits):
            return values | {"file": "", "digits": request.families}
        return values | {
            "file": named(request.model),
            "layer": request.layer,
            "shape": "" if request.model else f"{request.inputs}x{request.outputs}",
            "cores": request.cores,
            "accuracy": request.accuracy,
            "no_times": not request.timed,
        }

    def run(self, request: RunCompress | RunDigits) -> Run:
        from engine.training.compression import digits, layer

        return digits.trained(request) if isinstance(request, RunDigits) else layer.compressed(request)

    def record(self, results: Sequence[m.LabResult]) -> Record:
        record: Record = {}
        forms: dict[str, Record] = {}
        for result in results:
            match result:
                case Layer():
                    record |= plain(result)
                case Form():
                    forms[result.form] = forms.get(result.form, {}) | plain(result)
                case Timing(form, batch, seconds):
                    forms[form].setdefault("seconds", {})[str(batch)] = seconds
                case Spectrum(bond, values):
                    record.setdefault("spectra", {})[str(bond)] = values.tolist()
                case Errors():
                    record["errors"] = plain(result)
                case Point():
                    record.setdefault("points", []).append(plain(result))
        return record | ({"forms": forms} if forms else {})

    def lines(self, record: Record) -> Iterator[str]:
        if "forms" in record:
            modes = record["modes"]
            yield f"{record['title']}: {record['inputs']:,} inputs as {dotted(modes['inputs'])}"
            yield f"{record['outputs']:,} outputs as {dotted(modes['outputs'])}"
            if record["accuracy"] is not None:
                yield f"The network as it is has {100 * record['accuracy']:.2f} % right."
            yield from table(HEAD, [list(row(record, form)) for form in record["forms"].values()])
        if "points" in record:
            head = ("family", "rank", "parameters", "bits of layer", "bits of network", "accuracy %", "seconds")
            rows = [
                (p["family"], p["rank"] or "–", f"{p['parameters']:,}", f"{p['layer_bits']:,}",
                 f"{p['network_bits']:,}", f"{100 * p['accuracy']:.2f}", f"{p['seconds']:.0f}")
                for p in record["points"]
            ]  # fmt: skip
            yield from table(head, rows)


HEAD = ("form", "ranks", "parameters", "layer ÷", "error", "as decomposed", "fine-tuned", "1 image", "100 images")


def row(record: Record, form: Record) -> Iterator[str]:
    """What is told of one form, under HEAD."""
    whole = record["outputs"] * record["inputs"] * record["stored"]
    yield form["form"]
    yield dotted(form["ranks"][1:-1]) or "–"
    yield f"{form['parameters']:,}"
    yield f"{whole / form['bits']:,.1f}"
    yield "–" if form["error"] is None else f"{form['error']:.3f}"
    for key in ("before", "after"):
        yield "–" if form[key] is None else f"{100 * form[key]:.2f} %"
    for batch in ("1", "100"):
        seconds = form.get("seconds", {}).get(batch)
        yield "–" if seconds is None else f"{1e3 * seconds:.3g} ms"


def _modes(outputs: str, inputs: str) -> Modes | None:
    """Raises BadInput."""
    if bool(outputs) != bool(inputs):
        raise BadInput("Only one side has factors.", "Give both --input-modes and --output-modes.")
    return Modes(parsed(outputs), parsed(inputs)) if outputs else None


def _shape(text: str) -> paper.Named:
    """Raises UnknownName, BadInput."""
    if text in paper.NAMED:
        return paper.NAMED[text]
    if text[:1].isalpha():
        raise UnknownName("shape", text, paper.NAMED)
    written = re.fullmatch(r"([1-9]\d{0,8})\s*[x×]\s*([1-9]\d{0,8})", text.strip())
    if written is None:
        raise BadInput(f"'{text}' is no shape of a layer.", "Write it as 25088x4096, inputs by outputs.")
    sides = int(written[1]), int(written[2])
    known = next((each for each in paper.NAMED.values() if (each.inputs, each.outputs) == sides), None)
    return known or paper.Named("", sides[1], sides[0], ())


LAB = Compress()
