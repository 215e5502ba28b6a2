"""Drawings put to a model: what it reads in each, by the best backend that is ready."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import digits, drawings
from engine import messages as m
from engine.errors import BackendLost, BadFile, BadInput, FlipscopeError
from engine.inference import modelfile
from engine.inference.backend import best
from engine.inference.network import Network, PackedNetwork
from engine.inference.rules import taken
from engine.locks import alone
from engine.worker import Run

SLICE_PRODUCTS = 40_000_000
"""Multiply-accumulates of one slice."""


def recognise(command: m.Recognise, loaded: Mapping[str, Network]) -> Run:
    """Carry Recognise out; loaded: the networks by key that need not be read."""
    for key, path in command.models:
        try:
            network = loaded[key] if key in loaded else modelfile.load(path)
            labels = yield from _labels(network, command.images)
            about = network.metadata
            yield m.Recognised(command.request, key, labels, "", about.name, about.accuracy)
        except BackendLost:
            raise
        except FlipscopeError as error:
            yield m.Recognised(command.request, key, None, str(error))


def read(command: m.ReadDrawings) -> Run:
    """Carry ReadDrawings out; the own file is read before this returns, and before anything is written over it."""
    return _tell(command, _own(Path(command.path)) if command.own else None)


def _tell(command: m.ReadDrawings, read: drawings.Drawings | None) -> Run:
    yield None
    found = drawings.load(Path(command.path)) if read is None else read
    yield m.DrawingsRead(command.path, command.own, found.images, found.labels, found.test, found.blank)


def _own(path: Path) -> drawings.Drawings:
    """What is kept; none where there is no file. Raises BadFile where there is one that cannot be read."""
    if not path.exists():
        return drawings.NONE
    try:
        return drawings.load(path)
    except BadFile as error:
        aside = path.with_name(f"{path.stem}-unreadable{path.suffix}")
        what = f"Your drawings cannot be read: {error.what}"
        try:
            os.replace(path, aside)
        except OSError:  # it may not be written over either
            raise BadFile(what, error.remedy) from error
        raise BadFile(what, f"The file is now '{aside}'.") from error


def keep(command: m.KeepDrawings) -> Run:
    """Carry KeepDrawings out; it is done before this returns. Raises CannotWrite, BadFile."""
    path, ours = Path(command.path), drawings.Drawings(command.images, command.labels, command.test)
    if command.changes is None:
        drawings.save(path, ours)
        return _kept(command, len(ours.labels))
    with alone(path):
        return _kept(command, _merge(path, ours, command.changes))


def _merge(path: Path, ours: drawings.Drawings, changes: m.DrawingChanges) -> int:
    """Write what the file holds with what was changed here; how many there are. Raises CannotWrite, BadFile."""
    whole = ours
    try:
        if path.exists():
            whole = drawings.merged(_own(path), ours, changes.new, changes.gone, str(path))
    except BadFile:
        if not path.exists():  # it could not be read and was put aside
            drawings.save(path, ours)
        raise
    drawings.save(path, whole)
    return len(whole.labels)


def _kept(command: m.KeepDrawings, count: int) -> Run:
    yield m.DrawingsKept(command.path, count, command.request)


def _labels(network: Network, images: NDArray[np.uint8]) -> Generator[None, None, NDArray[np.int64]]:
    about = network.metadata
    if not digits.is_prepared(about.preparation, about.input_shape) or about.class_names != drawings.CLASSES:
        raise BadInput("It reads other pictures than drawn digits.", "Choose a model of digits.")
    height, width, _ = about.input_shape
    fitted = digits.in_bits(images, height, width) if about.preparation == digits.BITS else images
    program = best("xnor" if isinstance(network, PackedNetwork) else "float").load(network)
    yield None
    size, found = max(1, SLICE_PRODUCTS // network.macs), np.empty(len(images), np.int64)
    for start in range(0, len(images), size):
        part = taken(network, fitted[start : start + size, :, :, np.newaxis])
        found[start : start + size] = program.scores(part).argmax(1)
        yield None
    return found
