"""Kept runs."""

from __future__ import annotations

import argparse

from app.cli.printing import Record, answer, json_flag
from app.cli.train import assignments

SUMMARY = "kept runs: list, show, compare, export, import, branch, describe, delete, restore"


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = ("list", "show", "compare", "export", "import", "branch", "describe", "delete", "restore")
    parser.add_argument("action", nargs="?", choices=actions, default="list")
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="a run: its name or its beginning, title or folder; compare: all where none is named; import: a zip file",
    )
    parser.add_argument("--epoch", type=int, metavar="N", help="branch: the kept checkpoint (default: the newest save)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="branch: settings to go on with"
    )
    parser.add_argument("--title", help="describe: what to call it")
    parser.add_argument("--note", help="describe: what to remember of it")
    parser.add_argument(
        "--format",
        choices=("csv", "model", "png", "zip"),
        default="csv",
        help="export: png compares several, zip is all of one",
    )
    parser.add_argument("--measure", choices=("accuracy", "loss", "flips"), default="accuracy", help="export png")
    parser.add_argument("--over", choices=("step", "epoch", "second"), default="epoch", help="export png")
    parser.add_argument("--out", metavar="PATH", help="export: the file to write")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from engine import runcommands, runcompare
    from engine.errors import BadInput

    action, runs = options.action, options.runs
    if not runs and action not in ("list", "compare"):
        raise BadInput("No run is named.", f"Write it as: runs {action} RUN.")
    if len(runs) > 1 and action in ("show", "import", "branch", "describe"):
        raise BadInput(f"{len(runs)} runs are named.", f"Name one: runs {action} RUN.")
    match action:
        case "list":
            record = runcommands.listed()
        case "show":
            record = runcommands.shown(runs[0])
        case "compare":
            record = runcompare.compared(runs)
        case "export":
            record = _export_runs(options)
        case "import":
            record = runcommands.imported(runs[0])
        case "branch":
            record = runcommands.branched(runs[0], options.epoch, assignments(options.set))
        case "describe":
            record = runcommands.described(runs[0], options.title, options.note)
        case "delete":
            record = runcommands.deleted(runs)
        case _:
            record = runcommands.restored(runs)
    return answer(options, record, lambda record: print("\n".join(runcommands.lines(action, record))))


def _export_runs(options: argparse.Namespace) -> Record:
    from engine.errors import BadInput

    if options.out is None:
        raise BadInput("No file is named.", "Add --out PATH.")
    if options.format == "png":
        from app.compare import save_comparison

        return save_comparison(options.runs, options.measure, options.over, options.out)
    from engine import runcommands

    if len(options.runs) > 1:
        raise BadInput(f"A {options.format} file is of one run.", "Name one, or write --format png.")
    return runcommands.exported(options.runs[0], options.format, options.out)
