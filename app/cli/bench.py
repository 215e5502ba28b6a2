"""Timings of kernels, whole networks and the window."""

from __future__ import annotations

import argparse

from app.cli.display import demand
from app.cli.printing import Record, answer, json_flag, print_table, short
from engine import messages as m
from engine.inference.operands import SWEEP

SUMMARY = "time kernels, whole networks, training steps or the window"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("gemm", "net", "conv", "train", "gui"))
    parser.add_argument("--size", type=int, action="append", metavar="N", help="gemm: N x N x N")
    parser.add_argument("--sweep", action="store_true", help="gemm: products from thin to square, for a roofline")
    parser.add_argument(
        "--case",
        action="append",
        help="gemm: e.g. 1000x777x513; net, train: e.g. 784-1024x3-10, train: convnet-half@50; conv: e.g. 128@32x32",
    )
    parser.add_argument("--batch", type=int, action="append", metavar="N", help="gemm: rows; else images")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--to-accuracy", type=float, metavar="P", help="gui: seconds from pressing Run to P %% test accuracy"
    )
    parser.add_argument(
        "--recipe", default="mnist-mlp-quick", help="gui --to-accuracy: what is run (default %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    if options.what == "gui":
        return _gui(options)
    from engine.inference import commands

    common = {"batch": options.batch, "threads": options.threads, "quick": options.quick}
    if options.what == "train":
        return answer(options, commands.bench_train(case=options.case, **common), _print_train)
    if options.what == "gemm":
        record = commands.bench_gemm(size=options.size, sweep=options.sweep, case=options.case, **common)
    elif options.what == "net":
        record = commands.bench_net(case=options.case, **common)
    else:
        record = commands.bench_conv(case=options.case, **common)
    return answer(options, record, print_bench)


def _gui(options: argparse.Namespace) -> int:
    demand()
    if options.to_accuracy is None:
        from app.bench_gui import bench_gui

        return answer(options, bench_gui(quick=options.quick), _print_figures)
    from app.bench_accuracy import bench_accuracy

    return answer(options, bench_accuracy(options.to_accuracy, options.recipe), _print_accuracy)


def values_of(command: m.Bench) -> Record:
    """The values of the options that ask for the same of `run`."""
    match command:
        case m.BenchGemm(shapes) if shapes == SWEEP:
            asked: Record = {"what": "gemm", "sweep": True}
        case m.BenchGemm(shapes):
            asked = {"what": "gemm", "case": ["x".join(map(str, shape)) for shape in shapes]}
        case m.BenchNet(cases) | m.BenchConv(cases):
            what = "net" if isinstance(command, m.BenchNet) else "conv"
            asked = {"what": what, "case": [f"{case}@{batch}" for case, batch in cases]}
        case _:
            raise TypeError(command)
    return asked | {"threads": command.threads, "quick": command.quick}


def _limits(peak: Record) -> str:
    return ", ".join(f"{name} {short(peak.get(f'{name}_gmacs'))} GMAC/s" for name in ("popcount", "fp32"))


def print_bench(record: Record) -> None:
    peak = record["peak"]
    print(record["machine"])
    print(f"one core at most: {_limits(peak)}")
    reads = ", ".join(f"{short(rate)} GB/s from {level}" for level, rate in peak["read_gbs"].items())
    print(f"it reads: {reads}\n")
    keys = (
        "case", "backend", "threads", "median_ms", "gmacs", "intensity", "fraction_of_peak", "times_torch",
        "times_best_float",
    )  # fmt: skip
    timed = [row for row in record["rows"] if row["median_ms"] is not None]
    for device in sorted({row["device"] for row in timed}):
        if device:
            print(f"\n{device}, operands in its memory; cupy-xnor with the copies from the host's and back:")
            print(f"at most, computed, without tensor cores: {_limits(record['computed_peaks'].get(device, {}))}")
        there = [row for row in timed if row["device"] == device]
        print_table((*keys, "exact"), [[short(row.get(key)) for key in (*keys, "exact")] for row in there])
    for sentence in record["said"]:
        print(sentence)
    for row in record["rows"]:
        if row["median_ms"] is None:
            print(f"{row['case']} by {row['backend']}: {row['reason']} {row['remedy']}")


def _print_train(record: Record) -> None:
    print(f"{record['machine']}, seconds of {record['clock']} time\n")
    keys: tuple[str, ...] = ("case", "threads", "plain_ms", "ours_ms", "ratio")
    if any(row["over_one"] is not None for row in record["rows"]):
        keys = (*keys, "alone_ms", "over_one")
    print_table(keys, [[short(row[key]) for key in keys] for row in record["rows"]])
    for row in record["rows"]:
        if row["parts"]:
            print(f"\n{row['case']}, kernel by kernel, and what each takes at the least:")
            print_table(("kernel", "layer", "ms", "least_ms", "of it"), [_part(part) for part in row["parts"]])


def _part(part: Record) -> list[str]:
    seconds, least = part["seconds"], part["floor"]
    share = None if least is None else least / seconds
    least_ms = None if least is None else least * 1e3
    return [part["kernel"], str(part["layer"]), short(seconds * 1e3), short(least_ms), short(share)]


def _print_accuracy(record: Record) -> None:
    level, how = f"{record['level']:g} %", f"{record['model']} by {record['stepper']}, {record['threads']} thread(s)"
    print(f"{record['machine']}\n{how}; test accuracy of the folded network, batch-norm re-estimated\n")
    keys = ("seconds", "training_seconds", "epoch", "step", "accuracy")
    print_table(keys, [[short(row[key]) for key in keys] for row in record["scores"]])
    if record["reached"]:
        print(f"\n{level} was there {record['seconds']:.1f} s after Run was pressed, with the window open")
    else:
        print(f"\n{level} was not reached; the best score was {100 * record['best_accuracy']:.2f} %")


def _print_figures(record: Record) -> None:
    for key, value in record.items():
        print(f"{key:<20} {value}")
