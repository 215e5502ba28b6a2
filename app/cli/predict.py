"""Pictures of digits."""

from __future__ import annotations

import argparse

from app.cli.printing import Record, answer, json_flag, print_table, progress_line

SUMMARY = "read pictures of digits"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a model file")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="pictures of a digit")
    parser.add_argument("--backend", help="a backend by name (default: the best that is ready)")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from engine.inference.commands import predict

    return answer(options, predict(options.file, options.images, options.backend, progress_line), _print_predict)


def _print_predict(record: Record) -> None:
    rows = [
        (p["file"], "no digit" if p["label"] is None else p["label"], p["backend"], f"{p['milliseconds']:.3f} ms")
        for p in record["predictions"]
    ]
    print_table(("file", "label", "backend", "time"), rows)
