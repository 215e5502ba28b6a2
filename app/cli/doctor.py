"""What works on this machine."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Sequence

from app.cli.printing import DONE, FAILED, Record, answer, json_flag, print_table, progress_line

SUMMARY = "every backend and data set: ready, or why not and what to do"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gpu", action="store_true", help="test, tune and time the GPU; for pasting into a report")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from app.cli.display import display
    from engine.inference.commands import doctor

    if not options.gpu:
        return answer(options, {**doctor(), "display": display()}, print_doctor)
    from gpu.report import report

    tested = report(progress_line)
    progress_line("")
    answer(options, {**doctor(), "display": display(), **tested}, _print_gpu)
    return DONE if tested["usable"] else FAILED


def print_doctor(record: Record) -> None:
    print("\n".join(_about(record)))
    print()
    rows = [
        (f["name"], _yes(f["writable"]), _megabytes(f["bytes"]), _megabytes(f["free"]), f["path"])
        for f in record["folders"]
    ]
    print_table(("folder", "writable", "holds", "disk has free", "where"), rows)
    print()
    states = [(_yes(b["ready"]), b["reason"] or b["note"], b["remedy"]) for b in record["backends"]]
    backends = [(b["name"], *state) for b, state in zip(record["backends"], states, strict=True)]
    print_table(("backend", "ready", "on what, or why not", "what to do"), backends)
    print()
    print_table(("data set", "ready", "note"), [(d["name"], _yes(d["ready"]), d["note"]) for d in record["data"]])
    print()
    print("\n".join(f"⚠ {warning}" for warning in _warnings(record)) or "Nothing stands in the way.")


def _warnings(record: Record) -> Iterator[str]:
    yield from record["warnings"]
    if not record["display"]["ready"]:
        yield "No window can be opened here. The commands need none; the README lists the libraries that a window does."


def _about(record: Record) -> Iterator[str]:
    """What a report begins with: a line each of versions, system, processor, display and variables."""
    system, display = record["system"], record["display"]
    versions = [f"{name} {version}" for name, version in record["versions"].items()]
    yield from _wrapped("versions", versions)
    yield f"system     {system['system']}, file names in {system['encoding']}"
    cores = f"{system['cores_allowed']} of {system['cores']} cores"
    features = ", ".join(system["features"]) or "none that kernels are written for"
    yield f"processor  {system['processor']}, {cores}, kernels {system['kernels']} ({features})"
    window = (
        f"{display['platform']}, {display['screen']}, {display['style']}" if display["ready"] else display["reason"]
    )
    yield f"display    {window}"
    yield from _wrapped("variables", [f"{name}={value}" for name, value in system["variables"].items()] or ["none"])


def _wrapped(name: str, words: Sequence[str]) -> list[str]:
    return textwrap.wrap(", ".join(words), 110, initial_indent=f"{name:<11}", subsequent_indent=" " * 11)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def _print_gpu(record: Record) -> None:
    from app.cli.bench import print_bench
    from gpu.report import lines

    print_doctor(record)
    print()
    print("\n".join(lines(record)))
    if record["benchmark"] is not None:
        print()
        print_bench(record["benchmark"])
