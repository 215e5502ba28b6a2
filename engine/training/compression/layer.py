"""One dense layer taken apart: its singular values, the error of every rank, times, and what its network then reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import datasets, threads
from engine import messages as m
from engine.config import RunConfig
from engine.datasets import Dataset
from engine.inference import deploy, modelfile
from engine.labs import Source
from engine.streams import stream
from engine.tensortrain import costs
from engine.tensortrain.costs import Cost
from engine.tensortrain.decompose import balanced, decomposed, low_rank, rounded, spectra
from engine.tensortrain.messages import STOPS, Errors, Form, Layer, RunCompress, Spectrum, Timing
from engine.tensortrain.modes import Factors, Modes
from engine.tensortrain.trains import TensorTrain
from engine.training.compression import initial
from engine.training.compression.fit import accuracy, fit
from engine.training.compression.opened import Opened, Replaced
from engine.training.compression.weights import LowRank, Matrix, Train, Weights
from engine.training.models import layer_name
from engine.turns import Turns, clock
from engine.worker import Run

BATCHES = (1, 100)
TURNS = 7
RATE = 1e-3
"""Learning rate of fine-tuning."""

Matrix64 = NDArray[np.float64]


@dataclass
class Variant:
    """The layer in one form: what it is told as, and the weights it has."""

    told: Form
    weights: Weights


def compressed(request: RunCompress) -> Run:
    """Yields Progress, Layer, Spectrum…, Errors, Form…, Timing…, Form… again with accuracies. Raises FlipscopeError."""
    torch.set_num_threads(threads.limit())
    if not request.model:
        yield from _shape(request)
        return
    network, data = _opened(request.model)
    index = network.chosen(request.layer)
    stage = network.stages[index]
    modes = request.layout(stage.weights.outputs, stage.weights.inputs)
    modes.bonds(request.ranks)
    yield m.Progress("job", "Reading the test set")
    plain = Replaced(network, index, stage.weights, data.train_images[:1000])
    whole = yield from accuracy(plain, data.test_images, data.test_labels)
    layer = _layer(network, index, modes, whole)
    yield layer
    matrix = stage.weights.latents["latent"].numpy().astype(np.float64)
    yield from _looked_at(matrix, modes)
    variants = list(_variants(matrix, modes, request, layer))
    yield from _told(variants, request)
    for variant in variants[1:]:
        yield from _put_to_use(
            variant, Replaced(network, index, variant.weights, data.train_images[:1000]), data, request
        )


def _opened(source: Source) -> tuple[Opened, Dataset]:
    network = modelfile.load(source)
    data = datasets.load_to_train(network.metadata.dataset or "mnist")
    return Opened(network), deploy.fitted(network, data)


def _layer(network: Opened, index: int, modes: Modes, whole: float) -> Layer:
    stage, name = network.stages[index], network.metadata.name
    outputs, inputs = stage.weights.outputs, stage.weights.inputs
    rest = network.bits - stage.stored * outputs * inputs
    title = f"{name}, {layer_name(index, len(network.stages))}"
    return Layer(name, title, outputs, inputs, modes, stage.stored, rest, whole)


def _looked_at(matrix: Matrix64, modes: Modes) -> Run:
    """Singular values of the unfoldings, and the error of the trains of many ranks."""
    norm = float(np.linalg.norm(matrix)) or 1.0
    found = spectra(matrix, modes)
    for bond in range(1, modes.cores):
        yield m.Progress("job", f"Singular values at bond {bond}", (bond - 1) / modes.cores)
        yield Spectrum(bond, next(found) / norm)
    yield m.Progress("job", "Errors by rank", 1 - 1 / modes.cores)
    largest = decomposed(matrix, modes, [max(STOPS)]).train
    ranks = [rank for rank in STOPS if rank <= max(modes.caps, default=1)]
    errors = []
    for rank in ranks:
        errors.append(_error(matrix, rounded(largest, [rank]).train) / norm)
        yield None
    yield Errors(np.array(ranks), np.array(errors))


def _error(matrix: Matrix64, train: TensorTrain) -> float:
    return float(np.linalg.norm(matrix - train.dense()[: matrix.shape[0], : matrix.shape[1]]))


def _variants(matrix: Matrix64, modes: Modes, request: RunCompress, layer: Layer) -> Iterator[Variant]:
    """The matrix as it is, as a train, and of low rank with about as many parameters."""
    (outputs, inputs), norm = matrix.shape, float(np.linalg.norm(matrix)) or 1.0
    plain = Matrix(torch.from_numpy(matrix.astype(np.float32)))
    yield Variant(replace(_form(plain, costs.dense(outputs, inputs)), bits=layer.stored * matrix.size), plain)
    found = decomposed(matrix, modes, None if request.accuracy is not None else request.ranks, request.accuracy)
    cores = [torch.from_numpy(core.astype(np.float32)) for core in balanced(found.train).cores]
    train = Train(cores, outputs, inputs)
    told = _form(train, costs.train(modes, train.bonds), train.bonds)
    yield Variant(replace(told, error=_error(matrix, found.train) / norm, bound=found.bound / norm), train)
    rank = costs.rank_of(train.parameters, outputs, inputs)
    sides = low_rank(matrix, rank)
    error = float(np.linalg.norm(matrix - sides[0] @ sides[1])) / norm
    low = LowRank(*(torch.from_numpy(side.astype(np.float32)) for side in sides))
    yield Variant(replace(_form(low, costs.low_rank(outputs, inputs, rank), (1, rank, 1)), error=error), low)


def _form(weights: Weights, cost: Cost, ranks: Factors = (1, 1)) -> Form:
    return Form(weights.form, ranks, cost.parameters, weights.bits, cost.macs, cost.working)


def _told(variants: Sequence[Variant], request: RunCompress) -> Run:
    """The forms, and where asked for how long their products take."""
    for variant in variants:
        yield variant.told
    if not request.timed:
        return
    threads_before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for batch in BATCHES:
            yield from _timed(variants, batch, request.seed)
    finally:
        torch.set_num_threads(threads_before)


def _timed(variants: Sequence[Variant], batch: int, seed: int) -> Run:
    """A Timing of each form, by turns, on this thread alone: whoever shares its core does not count."""
    rng, seconds = stream("compression", seed), dict[str, list[float]]()
    x = torch.from_numpy(rng.standard_normal((batch, variants[0].weights.inputs)).astype(np.float32))
    turns = {variant.told.form: Turns(_product(variant.weights, x), clock(1)) for variant in variants}
    for turn in range(TURNS):
        for form, take in turns.items():
            yield m.Progress("job", f"Timing {batch} at a time", turn / TURNS)
            seconds.setdefault(form, []).append(take())
    for form, taken in seconds.items():
        yield Timing(form, batch, float(np.median(taken)))


def _product(weights: Weights, x: Tensor) -> Callable[[], Tensor]:
    def call() -> Tensor:
        with torch.inference_mode():
            return weights.product(x)

    return call


def _put_to_use(variant: Variant, network: Replaced, data: Dataset, request: RunCompress) -> Run:
    """What the network reads with the layer in this form, as decomposed and then fine-tuned."""
    form = variant.told.form
    yield m.Progress("job", f"Accuracy with the {form}")
    before = yield from accuracy(network, data.test_images, data.test_labels)
    variant.told = replace(variant.told, before=before)
    yield variant.told
    if not request.epochs:
        return
    config = RunConfig(kind="float", seed=request.seed, epochs=request.epochs, learning_rate=RATE)
    for share in fit(network, config, data):
        yield m.Progress("job", f"Fine-tuning the {form}", share)
    after = yield from accuracy(network, data.test_images, data.test_labels)
    yield replace(variant.told, after=after)


def _shape(request: RunCompress) -> Run:
    """A layer without weights: what it costs, and how long random ones take."""
    outputs, inputs = request.outputs, request.inputs
    modes = request.layout(outputs, inputs)
    bonds = modes.bonds(request.ranks)
    yield Layer("", f"{inputs:,} × {outputs:,}", outputs, inputs, modes, 32, 0, None)
    yield m.Progress("job", "Drawing weights")
    rng, size, variance = stream("compression", request.seed), (outputs, inputs), 1 / inputs
    train = initial.train(rng, modes, bonds, size, variance)
    rank = costs.rank_of(train.parameters, *size)
    made: list[tuple[Weights, Cost, Factors]] = [
        (initial.matrix(rng, *size, variance), costs.dense(*size), (1, 1)),
        (train, costs.train(modes, bonds), bonds),
        (initial.low_rank(rng, *size, rank, variance), costs.low_rank(*size, rank), (1, rank, 1)),
    ]
    yield from _told([Variant(_form(weights, cost, ranks), weights) for weights, cost, ranks in made], request)
