"""Flipscope's command line; without a command it opens the window. Imports neither Qt nor torch at its top."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from engine.config import RunConfig
    from engine.labs import Lab

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
PAGES = ("draw", "learn", "kernels", "labs")

Record = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command or open the window; returns the exit code (0 done, 1 failed, 2 refused, 130 interrupted)."""
    multiprocessing.freeze_support()
    # A variable that holds numpy's BLAS to another processor's kernels would slow the float side down: every
    # comparison here is with float at its best. Read by numpy once, at its import, in this process and its children.
    os.environ.pop("OPENBLAS_CORETYPE", None)
    arguments = list(sys.argv[1:] if argv is None else argv)
    from engine.errors import FlipscopeError

    try:
        options = _parser().parse_args(_with_command(arguments))
        return int(options.run(options))
    except FlipscopeError as error:
        print(f"flipscope: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def _with_command(arguments: list[str]) -> list[str]:
    """Put the silent command "window" before what is not a command. Raises UnknownName for a mistyped one."""
    from engine.errors import UnknownName
    from engine.labs import labs

    first, known = arguments[0] if arguments else "", [*COMMANDS, *labs()]
    if first in known or first in ("-h", "--help", "--version"):
        return arguments
    if first and not first.startswith("-") and not Path(first).exists() and not Path(first).suffix:
        raise UnknownName("command or file", first, known)
    return ["window", *arguments]


# ---------------------------------------------------------------- commands


def _window(options: argparse.Namespace) -> int:
    from engine.errors import Unsupported

    if sys.platform == "linux" and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))):
        raise Unsupported("There is no display for the window.", "Set DISPLAY, or use the commands: flipscope --help.")
    from app.launch import open_window

    return open_window(options.file or "", options.page or "", options.quit_after)


def _doctor(options: argparse.Namespace) -> int:
    from engine.inference.commands import doctor

    if not options.gpu:
        return _report(options, doctor(), _print_doctor)
    from gpu.report import report

    tested = report(_progress_line)
    _progress_line("")
    _report(options, {**doctor(), **tested}, _print_gpu)
    return DONE if tested["usable"] else FAILED


def _data(options: argparse.Namespace) -> int:
    from engine.datasets import commands
    from engine.errors import BadInput

    if options.action == "list":
        return _report(options, commands.listed(), _print_data_list)
    if options.name is None:
        raise BadInput("No data set is named.", f"Write it as: data {options.action} NAME.")
    if options.action == "show":
        return _report(options, commands.shown(options.name), _print_data)
    record = commands.fetched(options.name, _progress_line)
    return _report(options, record, lambda record: print(f"{record['name']} is at {record['where']}"))


def _train(options: argparse.Namespace) -> int:
    from engine.training.commands import train
    from engine.training.models import chosen

    named = ("data", "model", "epochs", "time_limit", "seed", "threads", "device")
    changes = {key: getattr(options, key) for key in named if getattr(options, key) is not None}
    changes |= chosen(changes["model"]) if "model" in changes else {}
    changes |= _assignments(options.set)
    config = _settings(options).with_changes(changes)
    record = train(config, out=options.out, resume=options.resume, on_progress=_progress_line)
    _progress_line("")
    if record:  # of several processes the first alone speaks
        _report(options, record, _print_train)
    return INTERRUPTED if record.get("interrupted") else DONE


def _assignments(texts: Sequence[str]) -> dict[str, str]:
    """What "key=value" texts set. Raises BadInput."""
    from engine.errors import BadInput

    for text in texts:
        if "=" not in text:
            raise BadInput(f"'{text}' sets nothing.", "Write it as key=value.")
    return dict(text.split("=", 1) for text in texts)


def _settings(options: argparse.Namespace) -> RunConfig:
    """What a run starts from, before the flags change it."""
    from engine import recipes
    from engine.config import RunConfig
    from engine.training.commands import saved_settings

    if options.recipe:
        return recipes.load(options.recipe).run
    return saved_settings(options.resume) if options.resume else RunConfig()


def _runs(options: argparse.Namespace) -> int:
    from engine import runcommands
    from engine.errors import BadInput

    action, runs = options.action, options.runs
    if not runs and action != "list":
        raise BadInput("No run is named.", f"Write it as: runs {action} RUN.")
    if len(runs) > 1 and action in ("show", "branch", "describe"):
        raise BadInput(f"{len(runs)} runs are named.", f"Name one: runs {action} RUN.")
    match action:
        case "list":
            record = runcommands.listed()
        case "show":
            record = runcommands.shown(runs[0])
        case "export":
            record = _export_runs(options)
        case "branch":
            record = runcommands.branched(runs[0], options.epoch, _assignments(options.set))
        case "describe":
            record = runcommands.described(runs[0], options.title, options.note)
        case "delete":
            record = runcommands.deleted(runs)
        case _:
            record = runcommands.restored(runs)
    return _report(options, record, lambda record: print("\n".join(runcommands.lines(action, record))))


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


def _recipes(options: argparse.Namespace) -> int:
    from engine import recipes

    record = {"recipes": [recipes.load(name).to_json() for name in recipes.names()]}
    return _report(options, record, _print_recipes)


def _evaluate(options: argparse.Namespace) -> int:
    from engine.inference.commands import evaluate, evaluate_changed

    if options.changed:
        record = evaluate_changed(options.file, options.data, options.backend, options.limit, _progress_line)
        return _report(options, record, _print_changed)
    record = evaluate(options.file, options.data, options.backend or "all", options.limit, _progress_line)
    return _report(options, record, _print_evaluate)


def _predict(options: argparse.Namespace) -> int:
    from engine.inference.commands import predict

    return _report(options, predict(options.file, options.images, options.backend, _progress_line), _print_predict)


def _bench(options: argparse.Namespace) -> int:
    if options.what == "gui":
        from app.bench_gui import bench_gui

        return _report(options, bench_gui(quick=options.quick), _print_figures)
    from engine.inference import commands

    common = {"batch": options.batch, "threads": options.threads, "quick": options.quick}
    if options.what == "gemm":
        record = commands.bench_gemm(size=options.size, sweep=options.sweep, **common)
    elif options.what == "net":
        record = commands.bench_net(case=options.case, **common)
    else:
        record = commands.bench_conv(case=options.case, **common)
    return _report(options, record, _print_bench)


def _lab(lab: Lab[Any], options: argparse.Namespace) -> int:
    from engine.labs.commands import run_lab

    return _report(options, run_lab(lab, options, _progress_line), lambda record: print("\n".join(lab.lines(record))))


# ---------------------------------------------------------------- the parser


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one line, as everything else that cannot be met."""

    def error(self, message: str) -> NoReturn:
        self.exit(REFUSED, f"{self.prog}: {message[0].upper()}{message[1:]}. See '{self.prog} --help'.\n")


def _parser() -> argparse.ArgumentParser:
    from engine import __version__
    from engine.labs import labs

    parser = _Parser(
        prog="flipscope",
        description="See, train and run binarized neural networks. Without a command the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"flipscope {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (summary, arguments) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        arguments(command)
    for lab in labs().values():
        command = commands.add_parser(lab.name, help=f"lab: {lab.summary}", description=f"{lab.summary}.".capitalize())
        lab.add_arguments(command)
        command.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="(default %(default)s)")
        _json(command)
        command.set_defaults(run=partial(_lab, lab))
    return parser


def _window_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", help="a model or a picture to open")
    parser.add_argument("--page", choices=PAGES, help="which page to show first")
    parser.add_argument("--quit-after", type=float, metavar="S", help="close after S seconds")
    parser.set_defaults(run=_window)


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gpu", action="store_true", help="test, tune and time the GPU; for pasting into a report")
    _json(parser)
    parser.set_defaults(run=_doctor)


def _data_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "show", "fetch"), default="list")
    parser.add_argument("name", nargs="?", help="a data set by name; with show also a file or folder of one")
    _json(parser)
    parser.set_defaults(run=_data)


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    from engine.settings_text import settings_text

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = settings_text()
    parser.add_argument("--data", help="data set by name, or a file or folder of one (default mnist)")
    parser.add_argument("--model", help="architecture by name (default mlp-512x2), or a .toml file of one")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--epochs", type=int, help="passes over the training set (default 10)")
    budget.add_argument("--time-limit", type=float, metavar="S", help="train for S seconds instead")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", choices=("cpu", "cuda"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any other setting, see below")
    parser.add_argument("--out", help="model file to write (network and training state)")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--recipe", metavar="R", help="start from a recipe by name (see recipes) or .toml file")
    start.add_argument("--resume", metavar="FILE", help="go on from a checkpoint or a model file with its state")
    _json(parser)
    parser.set_defaults(run=_train)


def _runs_arguments(parser: argparse.ArgumentParser) -> None:
    actions = ("list", "show", "export", "branch", "describe", "delete", "restore")
    parser.add_argument("action", nargs="?", choices=actions, default="list")
    parser.add_argument(
        "runs", nargs="*", metavar="RUN", help="a run: its name or the beginning of it, title or folder"
    )
    parser.add_argument("--epoch", type=int, metavar="N", help="branch: the kept checkpoint (default: the newest save)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="branch: settings to go on with"
    )
    parser.add_argument("--title", help="describe: what to call it")
    parser.add_argument("--note", help="describe: what to remember of it")
    parser.add_argument("--format", choices=("csv", "model", "png"), default="csv", help="export: png compares several")
    parser.add_argument("--measure", choices=("accuracy", "loss", "flips"), default="accuracy", help="export png")
    parser.add_argument("--over", choices=("step", "epoch", "second"), default="epoch", help="export png")
    parser.add_argument("--out", metavar="PATH", help="export: the file to write")
    _json(parser)
    parser.set_defaults(run=_runs)


def _recipes_arguments(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.set_defaults(run=_recipes)


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a model file")
    parser.add_argument("--data", help="data set, by name or path (default: the one it was trained on)")
    parser.add_argument("--backend", help="a backend by name, or all (default; with --changed the best)")
    parser.add_argument("--changed", action="store_true", help="shifted, turned, scaled, thicker and thinner images")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N test images only")
    _json(parser)
    parser.set_defaults(run=_evaluate)


def _predict_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a model file")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="pictures of a digit")
    parser.add_argument("--backend", help="a backend by name (default: the best that is ready)")
    _json(parser)
    parser.set_defaults(run=_predict)


def _bench_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("gemm", "net", "conv", "gui"))
    parser.add_argument("--size", type=int, action="append", metavar="N", help="gemm: N x N x N")
    parser.add_argument("--sweep", action="store_true", help="gemm: products from thin to square, for a roofline")
    parser.add_argument("--case", action="append", help="net: e.g. 784-1024x3-10; conv: e.g. 128@32x32")
    parser.add_argument("--batch", type=int, action="append", metavar="N", help="gemm: rows; net and conv: images")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes")
    _json(parser)
    parser.set_defaults(run=_bench)


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, nothing else")


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "window": ("open the window", _window_arguments),
    "doctor": ("every backend and data set: ready, or why not and what to do", _doctor_arguments),
    "data": ("list data sets, show what one holds, or fetch one", _data_arguments),
    "train": ("train a network in a run folder", _train_arguments),
    "runs": ("kept runs: list, show, export, branch, describe, delete, restore", _runs_arguments),
    "recipes": ("what train --recipe knows, and what each was seen to reach", _recipes_arguments),
    "evaluate": ("score the test set by each backend and count what is identical", _evaluate_arguments),
    "predict": ("read pictures of digits", _predict_arguments),
    "bench": ("time kernels, whole networks or the window", _bench_arguments),
}


# ---------------------------------------------------------------- what is printed


def _report(options: argparse.Namespace, record: Record, for_people: Callable[[Record], None]) -> int:
    if options.json:
        print(json.dumps(record))
    else:
        for_people(record)
    return DONE


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    from engine.tables import table

    print("\n".join(table(head, rows)))


def _progress_line(text: str) -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r{text:<78}", end="" if text else "\r", file=sys.stderr, flush=True)


def _print_doctor(record: Record) -> None:
    print("  ".join(f"{name} {version}" for name, version in record["versions"].items()))
    print()
    states = [("ready" if b["ready"] else "no", b["reason"] or b["note"], b["remedy"]) for b in record["backends"]]
    rows = [(b["name"], *state) for b, state in zip(record["backends"], states, strict=True)]
    _table(("backend", "ready", "why not", "what to do"), rows)
    print()
    _table(
        ("data set", "ready", "note"), [(d["name"], "yes" if d["ready"] else "no", d["note"]) for d in record["data"]]
    )


def _print_data_list(record: Record) -> None:
    rows = [(d["name"], d["about"], "yes" if d["ready"] else "no", d["note"]) for d in record["data"]]
    _table(("data set", "what it is", "ready", "where, or how to have it"), rows)


def _print_data(record: Record) -> None:
    height, width, channels = record["input_shape"]
    print(f"{record['title']}: images of {height} x {width} x {channels}. {record['note']}".rstrip())
    total = ("all", record["training_images"], record["test_images"])
    rows = [(c["name"], c["training"], c["test"]) for c in record["classes"]]
    _table(("class", "training", "test"), [(name, f"{a:,}", f"{b:,}") for name, a, b in (*rows, total)])


def _print_gpu(record: Record) -> None:
    from gpu.report import lines

    _print_doctor(record)
    print()
    print("\n".join(lines(record)))
    if record["benchmark"] is not None:
        print()
        _print_bench(record["benchmark"])


def _print_train(record: Record) -> None:
    print(f"test accuracy  {100 * record['test_accuracy']:.2f} %")
    print(f"epochs         {record['epochs']:g} in {record['seconds']:.1f} s")
    print(f"steps          {record['steps']:,} ({record['steps_per_second']:.0f} a second)")
    for row in record["flip_ratio"]:
        print(f"flips          {row['layer']}: {100 * row['last_epoch']:.2f} % of its bits in the last epoch")
    print(f"model          {record['model']}")


def _print_recipes(record: Record) -> None:
    rows = []
    for recipe in record["recipes"]:
        result = recipe["result"]
        reached = ("not measured yet", "") if result is None else _reached(result)
        rows.append((recipe["name"], recipe["run"]["data"], recipe["run"]["model"], *reached, recipe["title"]))
    _table(("recipe", "data", "model", "test accuracy", "time", "what it is"), rows)


def _reached(result: Record) -> tuple[str, str]:
    return f"{100 * result['test_accuracy']:.2f} %", f"{result['seconds']:,.0f} s"


def _print_evaluate(record: Record) -> None:
    print(f"{record['images']:,} images")
    rows = [
        (
            name,
            f"{100 * row['accuracy']:.2f} %",
            f"{row['seconds']:.2f} s",
            f"{row['identical_predictions']:,}",
            f"{row['identical_scores']:,}",
        )
        for name, row in record["backends"].items()
    ]
    _table(("backend", "accuracy", "time", "identical predictions", "identical scores"), rows)
    for name, reason in record["left_out"].items():
        print(f"{name} was left out: {reason}")


def _print_changed(record: Record) -> None:
    print(f"{record['images']:,} images, by {record['backend']}")
    rows = [("unchanged", record["unchanged"]), *((row["change"], row["accuracy"]) for row in record["changes"])]
    _table(
        ("change", "accuracy"), [(name, f"{100 * share:.2f} %") for name, share in (*rows, ("mean", record["mean"]))]
    )


def _print_predict(record: Record) -> None:
    rows = [
        (p["file"], "no digit" if p["label"] is None else p["label"], p["backend"], f"{p['milliseconds']:.3f} ms")
        for p in record["predictions"]
    ]
    _table(("file", "label", "backend", "time"), rows)


def _print_bench(record: Record) -> None:
    peak = record["peak"]
    print(record["machine"])
    limits = ", ".join(f"{name} {_short(peak[f'{name}_gmacs'])} GMAC/s" for name in ("popcount", "fp32"))
    print(f"one core at most: {limits}")
    reads = ", ".join(f"{_short(rate)} GB/s from {level}" for level, rate in peak["read_gbs"].items())
    print(f"it reads: {reads}\n")
    keys = (
        "case", "backend", "threads", "median_ms", "gmacs", "intensity", "fraction_of_peak", "times_torch",
        "times_best_float",
    )  # fmt: skip
    timed = [row for row in record["rows"] if row["median_ms"] is not None]
    for device in sorted({row["device"] for row in timed}):
        if device:
            print(f"\n{device}, operands in its memory; cupy-xnor with the copies from the host's and back:")
        there = [row for row in timed if row["device"] == device]
        _table((*keys, "exact"), [[_short(row.get(key)) for key in (*keys, "exact")] for row in there])
    for sentence in record["said"]:
        print(sentence)
    for row in record["rows"]:
        if row["median_ms"] is None:
            print(f"{row['case']} by {row['backend']}: {row['reason']} {row['remedy']}")


def _print_figures(record: Record) -> None:
    for key, value in record.items():
        print(f"{key:<20} {value}")


def _short(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
