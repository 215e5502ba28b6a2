"""Data sets."""

from __future__ import annotations

import argparse

from app.cli.printing import Record, answer, json_flag, print_table, progress_line

SUMMARY = "list data sets, show what one holds, or fetch one"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "show", "fetch"), default="list")
    parser.add_argument("name", nargs="?", help="a data set by name; with show also a file or folder of one")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from engine.datasets import commands
    from engine.errors import BadInput

    if options.action == "list":
        return answer(options, commands.listed(), _print_data_list)
    if options.name is None:
        raise BadInput("No data set is named.", f"Write it as: data {options.action} NAME.")
    if options.action == "show":
        return answer(options, commands.shown(options.name), _print_data)
    record = commands.fetched(options.name, progress_line)
    return answer(options, record, lambda record: print(f"{record['name']} is at {record['where']}"))


def _print_data_list(record: Record) -> None:
    rows = [(d["name"], d["about"], "yes" if d["ready"] else "no", d["note"]) for d in record["data"]]
    print_table(("data set", "what it is", "ready", "where, or how to have it"), rows)


def _print_data(record: Record) -> None:
    if record["kind"] == "graph":
        _print_graph(record)
    else:
        _print_images(record)


def _print_images(record: Record) -> None:
    height, width, channels = record["input_shape"]
    print(f"{record['title']}: images of {height} x {width} x {channels}. {record['note']}".rstrip())
    total = ("all", record["training_images"], record["test_images"])
    rows = [(c["name"], c["training"], c["test"]) for c in record["classes"]]
    print_table(("class", "training", "test"), [(name, f"{a:,}", f"{b:,}") for name, a, b in (*rows, total)])


def _print_graph(record: Record) -> None:
    density = record["words_there"] / (record["nodes"] * record["words"])
    print(f"{record['title']}: {record['nodes']:,} nodes and {record['edges']:,} edges")
    print(f"{record['words']:,} words are known, of which a node has {100 * density:.1f} % (mean)")
    print(f"{record['without_edges']:,} nodes without an edge, {record['without_class']:,} without a class")
    head = ("class", "nodes", "training", "validation", "test")
    rows = [tuple(c.values()) for c in record["classes"]]
    total = ("all", *map(sum, zip(*(row[1:] for row in rows), strict=True)))
    print_table(head, [(name, *(f"{count:,}" for count in counts)) for name, *counts in (*rows, total)])
