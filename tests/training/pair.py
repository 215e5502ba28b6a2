"""A step that two real processes make together; imported by each of them."""

import json
import os
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from engine.config import RunConfig
from engine.training import models
from engine.training.commands import train
from engine.training.parallel import ALONE, World
from engine.training.steppers import Key
from engine.training.steppers.torch_stepper import TorchStepper

SHAPE, CLASSES = (6, 11, 1), 4
RUNS = {
    "plain": ({}, 25),
    "shift": ({"batch_norm": "shift-based", "activations": "stochastic", "weights": "stochastic"}, 19),
    "dropped": ({"dropout_input": 0.2, "dropout_hidden": 0.5, "loss": "squared-hinge"}, 21),
    "scaled": ({"model": "cnn-8-8-8", "scaling": "xnor-net", "thresholds": "learned"}, 11),
    "residual": ({"model": "resnet-8-8x1", "estimator": "approx-sign", "batch_norm": "shift-based"}, 13),
    "float": ({"kind": "float", "model": "cnn-8-8-8"}, 9),
    "fewest": ({"output": "bias"}, 2),
}
"""Settings and images of a batch: numbers with which no value lies on the edge of a sign, where a last bit decides."""


def stepped(name, world=ALONE):
    """What one step of float64 gives, and the state after it, whose SGD momentum is the gradient."""
    changes, size = RUNS[name]
    run = RunConfig(**{"model": "mlp-20x2", "optimizer": "sgd", **changes})
    stepper = TorchStepper(run, models.initial(run, SHAPE, CLASSES), world, torch.float64)
    stream = np.random.default_rng(size)
    images, labels = stream.integers(0, 256, (size, *SHAPE), np.uint8), stream.integers(0, CLASSES, size)
    result = stepper.step(images, labels, 0.01, run, Key(0, 1, 2))
    told = {"loss": np.array(result.loss), "correct": np.array(result.correct), "flips": np.array(result.flips)}
    return stepper.state() | told


def work(rank, size, folder, port):
    """One process of `size`: every run's step, into a file a run; then a short run, as from the command line."""
    torch.set_num_threads(1)
    make_steps(rank, size, folder)
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    run = RunConfig(model="mlp-16x1", batch_size=1000, learning_rate=0.02, time_limit=2.0)
    Path(f"{folder}/told-{rank}.json").write_text(json.dumps(train(run, runs_dir=f"{folder}/runs")))


def make_steps(rank, size, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=size)
    for name in RUNS:
        np.savez(f"{folder}/{name}-{rank}.npz", **stepped(name, World(rank, size)))
    dist.destroy_process_group()
