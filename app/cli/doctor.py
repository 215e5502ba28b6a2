"""What works on this machine."""

from __future__ import annotations

import argparse

from app.cli.printing import DONE, FAILED, Record, answer, json_flag, print_table, progress_line

SUMMARY = "every backend and data set: ready, or why not and what to do"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gpu", action="store_true", help="test, tune and time the GPU; for pasting into a report")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from engine.inference.commands import doctor

    if not options.gpu:
        return answer(options, doctor(), print_doctor)
    from gpu.report import report

    tested = report(progress_line)
    progress_line("")
    answer(options, {**doctor(), **tested}, _print_gpu)
    return DONE if tested["usable"] else FAILED


def print_doctor(record: Record) -> None:
    print("  ".join(f"{name} {version}" for name, version in record["versions"].items()))
    print()
    states = [("ready" if b["ready"] else "no", b["reason"] or b["note"], b["remedy"]) for b in record["backends"]]
    rows = [(b["name"], *state) for b, state in zip(record["backends"], states, strict=True)]
    print_table(("backend", "ready", "why not", "what to do"), rows)
    print()
    print_table(
        ("data set", "ready", "note"), [(d["name"], "yes" if d["ready"] else "no", d["note"]) for d in record["data"]]
    )


def _print_gpu(record: Record) -> None:
    from app.cli.bench import print_bench
    from gpu.report import lines

    print_doctor(record)
    print()
    print("\n".join(lines(record)))
    if record["benchmark"] is not None:
        print()
        print_bench(record["benchmark"])
