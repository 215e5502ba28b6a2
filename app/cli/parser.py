"""The command line's parser: the commands of this room, and one of each lab."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from app.cli import bench, data, doctor, evaluate, export, predict, recipes, runs, train, window
from app.cli.printing import REFUSED, answer, json_flag, progress_line
from app.cli.written import written
from engine import __version__
from engine.errors import UnknownName
from engine.labs import Lab, labs

COMMANDS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (window, doctor, data, train, runs, recipes, evaluate, predict, export, bench)
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for; its `run` does it. Raises UnknownName, and SystemExit as argparse does."""
    return _parser().parse_args(_with_command(list(arguments)))


def command_line(command: str, values: Mapping[str, Any]) -> list[str]:
    """The arguments that `parse` gives these values for, with the command's defaults in place of all others."""
    parser = argparse.ArgumentParser()
    _arguments(command, parser)
    return [command, *written(parser, values)]


def _with_command(arguments: list[str]) -> list[str]:
    """Put the silent command "window" before what is not a command. Raises UnknownName for a mistyped one."""
    first, known = arguments[0] if arguments else "", [*COMMANDS, *labs()]
    if first in known or first in ("-h", "--help", "--version"):
        return arguments
    if first and not first.startswith("-") and not Path(first).exists() and not Path(first).suffix:
        raise UnknownName("command or file", first, known)
    return ["window", *arguments]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one line, as everything else that cannot be met."""

    def error(self, message: str) -> NoReturn:
        self.exit(REFUSED, f"{self.prog}: {message[0].upper()}{message[1:]}. See '{self.prog} --help'.\n")


class _Command(_Parser):
    """Takes options also between positional arguments: `runs show --json RUN`."""

    _apart = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._apart:
            return super().parse_known_args(args, namespace)
        self._apart = True  # options first, then the rest, each by this method again
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._apart = False


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="flipscope",
        description="See, train and run binarized neural networks. Without a command the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"flipscope {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Command)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        _arguments(name, command)
        command.set_defaults(run=module.run)
    for lab in labs().values():
        command = commands.add_parser(lab.name, help=f"lab: {lab.summary}", description=f"{lab.summary}.".capitalize())
        _arguments(lab.name, command)
        command.set_defaults(run=partial(_lab, lab))
    return parser


def _arguments(name: str, parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of a command, or of a lab's."""
    if name in COMMANDS:
        COMMANDS[name].arguments(parser)
        return
    labs()[name].add_arguments(parser)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="(default %(default)s)")
    json_flag(parser)


def _lab(lab: Lab[Any], options: argparse.Namespace) -> int:
    from engine.labs.commands import run_lab

    return answer(options, run_lab(lab, options, progress_line), lambda record: print("\n".join(lab.lines(record))))
