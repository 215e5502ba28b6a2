"""The command: every kernel and variant compiled for every architecture, without a card; a table or JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from engine.errors import FlipscopeError
from gpu import compile as compiler
from gpu import nvrtc
from gpu.matrix.examined import Examined, examine, runs_on
from gpu.matrix.listing import NoDisassembler, disassembler
from gpu.rates import ARCHITECTURES
from gpu.source import MODULES, Module

DONE, FAILED, REFUSED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 where all is well, 1 where a kernel has a fault, 2 where nothing can be compiled."""
    options = _parser().parse_args(arguments)
    try:
        nvrtc.prefer(nvrtc.choose((options.cuda, 0)))
        made = [each for some in _examined(_chosen(options), options) for each in some]
        version = compiler.version()
    except FlipscopeError as error:
        print(f"gpu.matrix: {error}", file=sys.stderr)
        return REFUSED
    wrong = [each for each in made if each.faults]
    if options.json:
        print(json.dumps({"nvrtc": version, "kernels": [_record(each) for each in made], "faulty": len(wrong)}))
    else:
        print(f"\n{len(made)} kernels compiled by NVRTC {version}, {len(wrong)} with faults.")
    return FAILED if wrong else DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gpu.matrix", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every variant, not only the first of each source")
    parser.add_argument("--only", default="", help="modules whose names have this in them, e.g. gemm.cu")
    parser.add_argument("--arch", type=int, nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES))
    parser.add_argument("--cuda", type=int, default=12, help="the newest NVRTC of this generation or older")
    parser.add_argument("--json", action="store_true", help="one JSON object in the place of the table")
    return parser


def _chosen(options: argparse.Namespace) -> list[tuple[Module, int]]:
    chosen = [module for module in MODULES if options.only in str(module)]
    pairs = [(module, number) for module in chosen for number in runs_on(module, options.arch)]
    if options.all:
        return pairs
    first = {(module.file, number): (module, number) for module, number in reversed(pairs)}
    return [pair for pair in pairs if pair in first.values()]


def _examined(pairs: list[tuple[Module, int]], options: argparse.Namespace) -> Iterator[list[Examined]]:
    listed = _can_list()
    for module, number in pairs:
        some = examine(module, number, listed)
        if not options.json:
            for each in some:
                print(_line(each), flush=True)
        yield some


def _can_list() -> bool:
    try:
        disassembler()
    except NoDisassembler as error:
        print(f"gpu.matrix: {error} The loops are not looked at.", file=sys.stderr)
        return False
    return True


def _line(each: Examined) -> str:
    taken = f"{each.resources.registers:3} registers {each.resources.shared:5} B shared"
    more = ""
    if each.bound is not None:
        more = f" {each.bound.reached:5.1f} words a cycle, {each.bound.fraction:.3f} of the ideal ({each.bound.pipe})"
    if each.feed is not None:
        more = f" {each.feed.instructions:.1f} instructions, {each.feed.popcounts:.2f} popcounts an mma"
    faults = "".join(f"\n    FAULT {fault}" for fault in each.faults)
    return f"sm_{each.number:<3} {each.module} {each.kernel}: {taken}{more}{faults}"


def _record(each: Examined) -> dict[str, Any]:
    bound = None if each.bound is None else {**asdict(each.bound), "fraction": each.bound.fraction}
    return {
        "module": str(each.module),
        "kernel": each.kernel,
        "arch": each.number,
        **asdict(each.resources),
        "emulated": list(each.emulated),
        "bound": bound,
        "feed": None if each.feed is None else asdict(each.feed),
        "faults": list(each.faults),
    }


if __name__ == "__main__":
    sys.exit(main())
