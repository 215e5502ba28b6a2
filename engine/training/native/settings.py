"""What the kernels of a step are told in numbers: each list in the order of its kernel's settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from engine.config import RunConfig
from engine.jit.training import norm
from engine.jit.training.rules import RULES
from engine.training import norms
from engine.training.optim import moves
from engine.training.optim.adam import BETAS, EPSILON
from engine.training.optim.bop import share
from engine.training.optim.scale import glorot

ESTIMATORS = {"straight-through": (1.0, 0.0), "approx-sign": (2.0, -2.0)}
"""The slope of the sign at its edge, and what is added to it for each 1 away from there (training.quantize)."""


@lru_cache(maxsize=1)
def adam(rate: float, steps: int) -> Mapping[str, float]:
    """Of the `steps`-th step, counted from 1: the same for every layer."""
    first, second = (1 - beta**steps for beta in BETAS)
    return {
        "share": 1 - BETAS[0], "kept": BETAS[1], "added": 1 - BETAS[1], "root": 1 / math.sqrt(second),
        "epsilon": EPSILON, "rate": rate / first,
    }  # fmt: skip


def rule(config: RunConfig, rate: float, steps: int, fans: tuple[int, int]) -> list[float]:
    """Of the rule that moves a layer's binary weights. fans: its fan-in and fan-out."""
    match config.optimizer:
        case "sgd":
            values: Mapping[str, float] = {"momentum": config.momentum, "rate": rate}
        case "bop":
            values = {"share": share(config, rate), "threshold": config.flip_threshold}
        case _:
            values = adam(rate, steps)
            if config.rate_scale == "glorot":
                values = {**values, "rate": values["rate"] * glorot(*fans)}
    return [values[name] for name in RULES[config.optimizer].settings]


def others(config: RunConfig, rate: float, steps: int) -> list[float]:
    """Of the rule that moves what is no binary weight."""
    name = moves(config, "")
    values: Mapping[str, float] = adam(rate, steps)
    if name == "sgd":
        values = {"momentum": config.momentum, "rate": rate}
    return [values[setting] for setting in RULES[name].settings]


def forward(images: int, made_up: float) -> list[float]:
    """Of batch-norm. made_up: what the layer's inputs are times for those that were dropped."""
    values = {
        "half": made_up / 2, "epsilon": norms.EPSILON, "share": norms.MOMENTUM, "unbiased": images / (images - 1),
    }  # fmt: skip
    return [values[name] for name in norm.FORWARD_SETTINGS]


def backward(config: RunConfig, images: int, made_up: float, *, last: bool, normal: bool) -> list[float]:
    """Of batch-norm and sign on the way back. last: no sign follows. normal: there is batch-norm."""
    slope, bend = (1.0, 0.0) if last else ESTIMATORS[config.estimator]
    values = {
        "half": made_up / 2, "mean_of": 1 / images if normal else 0.0, "slope": slope, "bend": bend,
        "window": math.inf if last else 1.0, "scale": made_up,
    }  # fmt: skip
    return [values[name] for name in norm.BACKWARD_SETTINGS]
