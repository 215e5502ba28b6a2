"""A network for other tools."""

from __future__ import annotations

import argparse

from app.cli.printing import answer, json_flag

SUMMARY = "write a model for other tools: C source, FPGA memories, numpy arrays, ONNX"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a model file")
    parser.add_argument("--format", required=True, help="c, hex (a folder), npz or onnx")
    parser.add_argument("--out", required=True, metavar="PATH", help="the file to write, or for hex the new folder")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from engine.export.commands import exported

    record = exported(options.file, options.format, options.out)
    return answer(options, record, lambda record: print(f"{record['path']}, {record['bytes']:,} bytes"))
