"""Accuracy against the rate of broken bits: many draws of failing cells, each scored over a whole test set."""

from __future__ import annotations

import numpy as np

from engine import datasets
from engine import messages as m
from engine.errors import Unsupported
from engine.faults.broken import broken
from engine.faults.masks import failing
from engine.inference import deploy, modelfile
from engine.inference.backend import best
from engine.inference.network import PackedNetwork
from engine.labs.faults import FaultPoint, RunFaults
from engine.streams import stream
from engine.worker import Run


def sweep(request: RunFaults) -> Run:
    """Yields a FaultPoint for every rate, and Progress. Raises FlipscopeError."""
    network = modelfile.load(request.model)
    if not isinstance(network, PackedNetwork):
        raise Unsupported("This network has no binary weights to break.", "Choose a binarized network.")
    dataset = datasets.load(network.metadata.dataset)
    deploy.check_fit(network, dataset)
    images, labels = np.ascontiguousarray(dataset.test_images), dataset.test_labels
    backend = best("xnor")
    for index, rate in enumerate(request.rates):
        accuracies = []
        for draw in range(request.draws if rate else 1):
            share = (index + draw / request.draws) / len(request.rates)
            yield m.Progress("job", f"Breaking one bit in {1 / rate:,.0f}" if rate else "Nothing broken", share)
            cells = [
                failing(stream("faults", request.seed, draw, index), layer.outputs * layer.inputs, rate)
                for index, layer in enumerate(network.layers())
            ]
            program = backend.load(broken(network, cells))
            program.warm()
            accuracies.append(float((program.scores(images).argmax(1) == labels).mean()))
        yield FaultPoint(rate, np.array(accuracies))
