"""A network of dense layers between native steps: canonical arrays on one side, the kernels' layouts on the other."""

from __future__ import annotations

import numpy as np

from engine.config import RunConfig
from engine.jit.training.rules import RULES
from engine.training.models import depth
from engine.training.native.affine import Affine
from engine.training.native.layer import Statistics, Weights
from engine.training.native.layout import kept
from engine.training.optim import COUNTERS, moments, moves
from engine.training.steppers import Arrays

AFFINE = {"gamma": "gamma", "beta": "beta", "bias": "beta"}
"""Canonical names of what is added and multiplied, and where they are kept."""


class Network:
    """Weights, statistics and the flat gamma and beta of all layers, of canonical arrays (steppers.Stepper).

    A last layer of the bias-only form has its bias for a beta, and gamma 0, which no gradient moves.
    """

    def __init__(self, config: RunConfig, arrays: Arrays) -> None:
        self.config = config
        layers = range(depth(arrays))
        rules = [moves(config, f"layer0.{name}") for name in ("latent", "beta")]
        of_weights, of_others = map(moments, rules)
        stored = dict(zip(of_weights, RULES[config.optimizer].moments, strict=True))
        self.weights = [
            Weights(
                arrays[f"layer{i}.latent"],
                {name: kept(arrays[f"layer{i}.latent.{name}"], how) for name, how in stored.items()},
            )
            for i in layers
        ]
        self.statistics = [
            Statistics(arrays.get(f"layer{i}.mean"), arrays.get(f"layer{i}.var"), self.weights[i].outputs)
            for i in layers
        ]
        self.affine = Affine([weights.outputs for weights in self.weights], of_others, rules[1])
        self._affine = [
            (name, i, ours) for i in layers for own, ours in AFFINE.items() if (name := f"layer{i}.{own}") in arrays
        ]
        self._normal = [f"layer{i}.mean" in arrays for i in layers]
        counter = next((counter for counter in COUNTERS.values() if counter in arrays), None)
        self._counter = counter
        self.steps = int(arrays[counter][0]) if counter else 0
        for name, i, ours in self._affine:
            self.affine.part(self.affine.values, i, ours)[:] = arrays[name]
            for moment, flat in self.affine.moments.items():
                self.affine.part(flat, i, ours)[:] = arrays[f"{name}.{moment}"]

    def normal(self, layer: int) -> bool:
        """Whether a layer has batch-norm."""
        return self._normal[layer]

    def state(self) -> Arrays:
        """Canonical arrays, copied."""
        arrays: Arrays = {}
        for i, (weights, statistics) in enumerate(zip(self.weights, self.statistics, strict=True)):
            for name, panels in {"": weights.latents, **{f".{m}": p for m, p in weights.moments.items()}}.items():
                arrays[f"layer{i}.latent{name}"] = weights.rows(panels)
            if self._normal[i]:
                arrays[f"layer{i}.mean"] = statistics.running_mean[: weights.outputs].copy()
                arrays[f"layer{i}.var"] = statistics.running_variance[: weights.outputs].copy()
        for name, i, ours in self._affine:
            arrays[name] = self.affine.part(self.affine.values, i, ours).copy()
            for moment, flat in self.affine.moments.items():
                arrays[f"{name}.{moment}"] = self.affine.part(flat, i, ours).copy()
        return arrays | ({self._counter: np.array([self.steps], np.int64)} if self._counter else {})
