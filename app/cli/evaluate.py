"""The test set by every backend."""

from __future__ import annotations

import argparse

from app.cli.printing import Record, answer, json_flag, print_table, progress_line

SUMMARY = "score the test set by each backend and count what is identical"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a model file")
    parser.add_argument("--data", help="data set, by name or path (default: the one it was trained on)")
    parser.add_argument("--backend", help="a backend by name, or all (default; with --changed the best)")
    parser.add_argument("--changed", action="store_true", help="shifted, turned, scaled, thicker and thinner images")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N test images only")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from engine.inference.commands import evaluate, evaluate_changed

    if options.changed:
        record = evaluate_changed(options.file, options.data, options.backend, options.limit, progress_line)
        return answer(options, record, _print_changed)
    record = evaluate(options.file, options.data, options.backend or "all", options.limit, progress_line)
    return answer(options, record, _print_evaluate)


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
    print_table(("backend", "accuracy", "time", "identical predictions", "identical scores"), rows)
    for name, reason in record["left_out"].items():
        print(f"{name} was left out: {reason}")


def _print_changed(record: Record) -> None:
    print(f"{record['images']:,} images, by {record['backend']}")
    rows = [("unchanged", record["unchanged"]), *((row["change"], row["accuracy"]) for row in record["changes"])]
    print_table(
        ("change", "accuracy"), [(name, f"{100 * share:.2f} %") for name, share in (*rows, ("mean", record["mean"]))]
    )
