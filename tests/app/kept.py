"""Kept runs as the inference worker tells of them, for tests of the window."""

import numpy as np

from engine.config import RunConfig
from engine.messages import runs as r
from engine.trace import Scores, Trace

NONE = np.zeros(0)


def row(name, **more):
    """A run that was scored once an epoch; `created` is what orders runs."""
    config = more.pop("config", RunConfig(epochs=4))
    values = {"created": 1e9, "config": config, "step": 40, "epoch": 4.0, "seconds": 8.0, "accuracy": 0.95}
    values |= {"best": 0.96, "curve": (0.9, 0.96, 0.95), "saved": f"/runs/{name}/last.safetensors"}
    return r.RunRow(f"/runs/{name}", name, **(values | more))


def trace(accuracy=(0.9, 0.95), steps=(10, 20), flips=0.01):
    """Curves of a run with an epoch of 10 steps, 2 seconds each."""
    at = np.array(steps)
    scores = Scores(at, at / 10, np.array(accuracy), 1 - np.array(accuracy), at / 5)
    parts = np.arange(1, at[-1] + 1)
    return Trace(parts, 2.0 / parts, np.full(parts.size, flips), scores, (float(at[-1]), at[-1] / 10, at[-1] / 5))


def read(name, **more):
    """What is read of a run with two checkpoints and its newest save."""
    key = f"/runs/{name}"
    kept = [r.KeptCheckpoint(f"{key}/checkpoint-0000{e}.safetensors", 10 * e, e, 1000, False) for e in (1, 2)]
    newest = r.KeptCheckpoint(f"{key}/last.safetensors", 40, 4, 1000, True)
    values = {"trace": trace(), "checkpoints": (*kept, newest), "changes": ((15, "learning_rate", "0.001"),)}
    return r.RunRead(key, **(values | more))


def listed(*rows, complete=True):
    return r.RunList("/runs", tuple(rows), complete)
