"""The paper's experiment on digits: the same network with its hidden layer in every form, each really trained."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch

from engine import datasets, threads
from engine import messages as m
from engine.config import RunConfig
from engine.streams import stream
from engine.tensortrain import costs, paper
from engine.tensortrain.messages import RANKED, Point, RunDigits
from engine.training.compression import initial
from engine.training.compression.fit import accuracy, fit
from engine.training.compression.network import HiddenLayerNetwork
from engine.training.compression.weights import Weights
from engine.worker import Run

SIZE = (paper.MNIST.outputs, paper.MNIST.inputs)
CLASSES = 10
BATCH = 100
"""As the paper's authors train."""
RATES = {"bnn": 1e-2, "bnn-tensor-train": 1e-2, "dense": 1e-3, "hashed": 1e-3}
RATE = 5e-3
"""Learning rates: the ordinary ones of either kind, and a higher one where each number is in many weights."""


def trained(request: RunDigits) -> Run:
    """Yields Progress and a Point for every network. Raises FlipscopeError."""
    torch.set_num_threads(threads.limit())
    yield m.Progress("job", "Reading the digits")
    data, runs = datasets.load("mnist"), list(_runs(request))
    for number, (family, rank) in enumerate(runs):
        began = time.perf_counter()
        config = _config(family, request)
        hidden, rng = _hidden(family, rank, request)
        scoring = initial.matrix(rng, CLASSES, SIZE[0], 2 / SIZE[0], binary=config.binary_weights)
        network = HiddenLayerNetwork(hidden, scoring, config)
        doing = f"{family}, rank {rank}" if rank else family
        for share in fit(network, config, data):
            yield m.Progress("job", doing, (number + share) / len(runs))
        network.estimate(data.train_images)
        right = yield from accuracy(network, data.test_images, data.test_labels)
        yield Point(
            family, rank, hidden.parameters, hidden.bits, network.bits, right, request.epochs,
            time.perf_counter() - began,
        )  # fmt: skip


def _runs(request: RunDigits) -> Iterator[tuple[str, int]]:
    """Family and rank of each network."""
    for family in request.families:
        for rank in request.ranks if family in RANKED else (0,):
            yield family, rank


def _config(family: str, request: RunDigits) -> RunConfig:
    return RunConfig(
        kind="binary" if family.startswith("bnn") else "float",
        seed=request.seed,
        epochs=request.epochs,
        batch_size=BATCH,
        learning_rate=RATES.get(family, RATE),
    )


def _hidden(family: str, rank: int, request: RunDigits) -> tuple[Weights, np.random.Generator]:
    """The hidden layer, and the stream that goes on."""
    rng, variance, modes = stream("digits", request.seed, rank, *family.encode()), 2 / SIZE[1], request.modes
    binary = family.startswith("bnn")
    if family == "low-rank":
        return initial.low_rank(rng, *SIZE, rank, variance), rng
    if family not in RANKED:
        return initial.matrix(rng, *SIZE, variance, binary=binary), rng
    bonds = modes.bonds([rank])
    if family == "hashed":
        return initial.hashed(rng, *SIZE, costs.train(modes, bonds).parameters, variance), rng
    return initial.train(rng, modes, bonds, SIZE, variance, binary=binary), rng
