"""Networks of every family, trained for some steps and folded: every ready backend against the oracle."""

import numpy as np
import pytest

from engine.config import RunConfig
from engine.inference.network import Metadata
from engine.training import models, steppers
from engine.training.evaluation import deploy, finish
from engine.training.steppers import Key
from tests.conformance.oracle import FAST, assert_like_oracle

SHAPE, CLASSES = (16, 16, 3), ("a", "b", "c", "d")
RUNS = [
    {"model": "mlp-70x2"},
    {"model": "mlp-70x2", "batch_norm": "shift-based", "output": "bias"},
    {"model": "cnn-9-70-20"},
    {"model": "cnn-9-70-20", "thresholds": "learned", "scaling": "xnor-net"},
    {"model": "convnet-quarter"},
    {"model": "resnet-6-70x2"},
    {"model": "resnet-6-9x1-66x2", "thresholds": "learned"},
    {"model": "resnet-6-9x2", "batch_norm": "shift-based", "scaling": "xnor-net"},
]


@pytest.mark.parametrize("changes", RUNS, ids=lambda changes: "-".join(changes.values()))
def test_trained_networks(changes):
    config, stream = RunConfig(learning_rate=5e-2, batch_size=16, **changes), np.random.default_rng(1)
    stepper = steppers.best(config)(config, models.initial(config, SHAPE, len(CLASSES)))
    images, labels = stream.integers(0, 256, (64, *SHAPE), np.uint8), stream.integers(0, len(CLASSES), 64)
    for step in range(4):
        part = slice(16 * step, 16 * step + 16)
        stepper.step(images[part], labels[part], 5e-2, config, Key(0, 0, step))
    network = finish(deploy(stepper.state(), config, images, Metadata("t", config.model, SHAPE, CLASSES)))
    for name in FAST:
        assert_like_oracle(network, images[:6], name)
        assert_like_oracle(network, images[:1], name)
