"""The test set scored during training, by the network as it would be deployed at this moment."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config import RunConfig
from engine.datasets import Dataset
from engine.inference.backend import best
from engine.inference.network import Metadata, Network, PackedNetwork
from engine.inference.rules import taken
from engine.training.fold import fold
from engine.training.layers import loss
from engine.training.reestimate import Evaluating, reestimate
from engine.training.steppers import Arrays

T = TypeVar("T")

SLICE_PRODUCTS = 200_000_000
"""Multiply-accumulates of one slice: a few milliseconds for the packed backends."""


@dataclass(frozen=True)
class Score:
    """What the deployed network makes of the test set.

    accuracy: 0..1; loss: the run's own, mean; confusion: int64 [classes, classes], rows the true class;
    backend: who scored; network: what was scored, its metadata carrying the accuracy.
    """

    accuracy: float
    loss: float
    confusion: NDArray[np.int64]
    backend: str
    network: Network


def deploy(
    arrays: Arrays, config: RunConfig, sample: NDArray[np.uint8], metadata: Metadata
) -> Generator[Evaluating, None, Network]:
    """Re-estimate batch-norm on `sample` (reestimate.sample) and fold; yields between batches."""
    return fold((yield from reestimate(arrays, config, sample)), config, metadata)


def evaluate(network: Network, config: RunConfig, data: Dataset) -> Generator[Evaluating, None, Score]:
    """Score the whole test set with the best CPU backend of this process; yields after each slice."""
    backend = best("xnor" if isinstance(network, PackedNetwork) else "float")
    program = backend.load(network)
    program.warm()
    count = len(data.test_images)
    size = min(1000, max(16, SLICE_PRODUCTS // network.macs))
    scores = np.empty((count, network.classes), np.float32)
    for start in range(0, count, size):
        scores[start : start + size] = program.scores(taken(network, data.test_images[start : start + size]))
        yield Evaluating(min(1.0, (start + size) / count))
    return _score(scores, config, data.test_labels, network, backend.name)


def _score(
    scores: NDArray[np.float32], config: RunConfig, labels: NDArray[np.int64], network: Network, backend: str
) -> Score:
    predicted = scores.argmax(1)
    confusion = np.zeros((network.classes, network.classes), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    accuracy = float(np.mean(predicted == labels))
    mean_loss = float(loss(torch.tensor(scores), torch.tensor(labels), config, len(labels)))
    named = replace(network, metadata=replace(network.metadata, accuracy=accuracy))
    return Score(accuracy, mean_loss, confusion, backend, named)


def finish(slices: Generator[Evaluating, None, T]) -> T:
    """Drive `deploy` or `evaluate` to its end without a pause."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            result: T = end.value
            return result
