"""Labs: experiments on networks, one a file. Each module here offers one as LAB; no list is kept.

A lab's module is read by the window and by every command, so it imports neither torch nor a backend at its top; what
computes is imported by `run`, in the process that runs it.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from engine import messages as m
from engine.errors import BadInput, UnknownName
from engine.worker import Run

Record = dict[str, Any]
"""What survives JSON."""
Source = str | bytes
"""A model file: its path, or its bytes, as of the network in training; empty for none."""

Request = TypeVar("Request", bound=m.RunLab, contravariant=True)


class Lab(Protocol[Request]):
    """An experiment: the same function for the window, which runs it in a job child, and for the command line.

    name: of its command and of its request (RunLab.lab). summary: what the command does, in half a sentence.
    """

    name: ClassVar[str]
    summary: ClassVar[str]

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """The arguments of its command; --threads and --json are there already."""

    def request(self, options: argparse.Namespace) -> m.RunLab:
        """What these arguments ask for. Raises FlipscopeError."""

    def options(self, request: Request) -> Record:
        """What its arguments are for this request, by destination: the inverse of `request`.

        Raises BadInput where none ask for it, as of what was drawn by hand (`named`: of a network in training).
        """

    def run(self, request: Request) -> Run:
        """The experiment: yields Progress("job", what it is doing, share), its LabResults, and None in between.

        It knows nothing of pipes, clocks and Qt; whoever drives it adds the time that is left. Uses as many threads
        as engine.threads.limit() says (in the torch world: torch.set_num_threads). Closing it at any yield leaves
        nothing behind. Raises FlipscopeError.
        """

    def record(self, results: Sequence[m.LabResult]) -> Record:
        """What --json prints of everything that `run` yielded."""

    def lines(self, record: Record) -> Iterator[str]:
        """The same for people, line by line."""


@cache
def labs() -> dict[str, Lab[Any]]:
    """Every lab by name."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    found: list[Lab[Any]] = [module.LAB for module in modules if hasattr(module, "LAB")]
    return {lab.name: lab for lab in found}


def check_range(what: str, value: float, low: float, high: float) -> None:
    """Raise BadInput for a number of a request that is not within these limits."""
    if not low <= value <= high:
        raise BadInput(f"The {what} is {value:g}.", f"Choose it between {low:,} and {high:,}.")


def named(source: Source) -> str:
    """The path of a model, for a command. Raises BadInput where it is in no file."""
    if isinstance(source, bytes):
        raise BadInput("The network in training is in no file that a command could read.", "Stop the run; open it.")
    return source


def plain(result: m.LabResult) -> Record:
    """A result as JSON has it: arrays as lists, shaped alike, and bits as 0 and 1; integers of any size as they are."""
    return {key: _plain(value) for key, value in asdict(result).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.astype(np.int8) if value.dtype == np.bool_ else value).tolist()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return list(value) if isinstance(value, tuple) else value


def run(request: m.RunLab) -> Run:
    """The generator that carries a request out, for a service. Raises UnknownName."""
    if request.lab not in labs():
        raise UnknownName("lab", request.lab, labs())
    return labs()[request.lab].run(request)
