"""A test set scored by several backends side by side: how right, how fast, and how many answers are identical."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.datasets import Dataset
from engine.datasets.classes import aligned
from engine.errors import BadInput, Unsupported
from engine.inference.backend import Backend, Program, Ready, backend, ready, state_of
from engine.inference.network import FloatNetwork, Network, PackedNetwork
from engine.inference.rules import taken

SLICE = 0.008
"""Seconds of work in one slice, roughly: a prediction asked for meanwhile is answered between two."""
_FAST, _PLAIN = 5e10, 5e9
"""Multiply-accumulates a second that a backend, and the oracle, can be counted on for."""


@dataclass
class Tally:
    """One backend over the images scored so far; the counts are against the first backend."""

    seconds: float = 0.0
    right: int = 0
    identical_predictions: int = 0
    identical_scores: int = 0


@dataclass
class Scoreboard:
    """All backends over the same images. confusion: int64 [classes, classes], rows the true class, of the first."""

    tallies: dict[str, Tally]
    confusion: NDArray[np.int64]
    batch: int
    images: int = 0

    def accuracy(self, name: str) -> float:
        """Share of the images scored so far that a backend has right."""
        return self.tallies[name].right / max(1, self.images)


def able(network: Network, wanted: Sequence[str]) -> list[Backend]:
    """The backends of these names that run this network, oracle first; "all" stands for every ready one.

    Raises UnknownName, or Unsupported with the reason why a backend asked for by name cannot run it.
    """
    if "all" in wanted:
        fit = [b for b in ready() if isinstance(network, PackedNetwork) or b.kind == "float"]
        return sorted(fit, key=lambda b: b.kind != "oracle")
    chosen = [backend(name) for name in dict.fromkeys(wanted)]
    for one in chosen:
        state = state_of(one)
        if not isinstance(state, Ready):
            raise Unsupported(f"'{one.name}' cannot run here: {state.reason}", state.remedy)
        if isinstance(network, FloatNetwork) and one.kind != "float":
            raise Unsupported(f"'{one.name}' does not run networks with float weights.", "Use 'float-blas'.")
    return chosen


def fitted(network: Network, dataset: Dataset) -> Dataset:
    """The data set with its labels as the network's classes. Raises BadInput where it cannot be scored on it."""
    about = network.metadata
    if about.input_shape != dataset.input_shape or network.classes < len(dataset.class_names):
        raise BadInput(
            f"The model takes {about.input_shape} in {network.classes} classes; '{dataset.name}' has "
            f"{dataset.input_shape} in {len(dataset.class_names)}.",
            "Choose the data set that the model was trained on.",
        )
    if about.class_names == dataset.class_names:
        return dataset
    train, test = (
        aligned(labels, dataset.class_names, about.class_names, f"'{dataset.name}'")
        for labels in (dataset.train_labels, dataset.test_labels)
    )
    return replace(dataset, train_labels=train, test_labels=test, class_names=about.class_names)


def batch_for(network: Network) -> int:
    """Images in one batch: as many as one slice has room for, at most 256."""
    return int(min(256, max(1, SLICE * _FAST / network.macs)))


def score(
    network: Network,
    programs: Mapping[str, Program],
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
) -> Generator[Scoreboard, None, None]:
    """Score images u8 [N, H, W, C] with labels int64 [N] by every program, slice by slice.

    Yields the scoreboard, the same object each time, after every slice of some milliseconds; it is complete when the
    generator ends. The first program is what the others are compared with.
    """
    batch = batch_for(network)
    names = list(programs)
    board = Scoreboard({name: Tally() for name in names}, np.zeros((network.classes,) * 2, np.int64), batch)
    for program in programs.values():
        program.warm()
        program.scores(taken(network, images[:1]))
        yield board
    for start in range(0, len(images), batch):
        block, truth = taken(network, images[start : start + batch]), labels[start : start + batch]
        expected: NDArray[np.float32] | None = None
        for name in names:
            found = yield from _timed(board, name, programs[name], block, network)
            expected = found if expected is None else expected
            _count(board, name, found, expected, truth)
        board.images += len(block)
        yield board


def _timed(
    board: Scoreboard, name: str, program: Program, block: NDArray[np.generic], network: Network
) -> Generator[Scoreboard, None, NDArray[np.float32]]:
    """Scores of a block, timed; the oracle takes it in pieces that fit a slice."""
    plain = backend(name).kind == "oracle"
    size = max(1, int(SLICE * _PLAIN / network.macs)) if plain else len(block)
    pieces = []
    for start in range(0, len(block), size):
        began = time.perf_counter()
        pieces.append(program.scores(block[start : start + size]))
        board.tallies[name].seconds += time.perf_counter() - began
        yield board
    return np.concatenate(pieces)


def _count(
    board: Scoreboard,
    name: str,
    found: NDArray[np.float32],
    expected: NDArray[np.float32],
    truth: NDArray[np.int64],
) -> None:
    tally, classes = board.tallies[name], len(board.confusion)
    said = found.argmax(axis=1)
    tally.right += int((said == truth).sum())
    tally.identical_predictions += int((said == expected.argmax(axis=1)).sum())
    tally.identical_scores += int((found.view(np.uint32) == expected.view(np.uint32)).all(axis=1).sum())
    if found is expected:
        board.confusion += np.bincount(truth * classes + said, minlength=classes**2).reshape(classes, classes)
