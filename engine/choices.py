"""What can be chosen of a run: names with a line each, ranges, what may change live, and what does not go together.

Imported by every world; imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import BadInput

if TYPE_CHECKING:
    from engine.config import RunConfig

RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, 2**63 - 1),
    "epochs": (1, 100_000),
    "time_limit": (0.1, 30 * 86400),
    "batch_size": (2, 10_000),
    "learning_rate": (1e-7, 1.0),
    "final_rate": (1e-9, 1.0),
    "halve_every": (1, 100_000),
    "momentum": (0.0, 0.999),
    "spread": (1e-6, 1.0),
    "augment_until": (0.0, 1.0),
    "evaluations_per_epoch": (1, 100),
    "threads": (1, 1024),
}

CHOICES: dict[str, dict[str, str]] = {
    "kind": {
        "binary": "weights and activations of one bit",
        "float": "the ordinary network of the same shape, for comparison",
    },
    "optimizer": {
        "adam": "steps of about equal length for every weight, by running means of gradient and square",
        "shift-adamax": "the paper's Adam without multiplications: every factor a power of two",
        "sgd": "stochastic gradient descent with momentum, for comparison",
    },
    "rate_scale": {
        "none": "the same rate in every layer",
        "glorot": "the paper's rate of each binary layer, times 1 / sqrt(1.5 / (fan-in + fan-out))",
    },
    "schedule": {
        "cosine": "falls to nothing along half a cosine over the whole budget",
        "constant": "stays",
        "exponential": "falls by the same factor each epoch, to final_rate: the paper's on Theano",
        "halving": "is halved after every halve_every epochs: the paper's on Torch7",
    },
    "loss": {
        "cross-entropy": "the usual loss of classifiers",
        "squared-hinge": "the paper's: asks of every score a margin of 1 on its side",
    },
    "weights": {
        "deterministic": "the sign of the latent weight",
        "stochastic": "+1 by a chance that grows with the latent weight, drawn at every step",
    },
    "activations": {
        "deterministic": "the sign",
        "stochastic": "+1 by a chance that grows with the value, drawn at every step",
    },
    "output": {
        "batchnorm": "batch-norm gives every class its own scale and shift",
        "bias": "one common scale and a bias: the form that can be verified",
    },
    "augmentation": {
        "none": "training images as they are",
        "light": "handwriting warped, its strokes thickened and thinned a little, for what people draw themselves",
        "strong": "the same, further",
        "crop": "photographs shifted a little",
        "crop-mirror": "photographs shifted a little and mirrored half the time",
    },
    "device": {"cpu": "the processor", "cuda": "an NVIDIA card, through torch"},
}
"""What each named choice is, in one line."""

LIVE: frozenset[str] = frozenset(
    {
        "epochs",
        "batch_size",
        "learning_rate",
        "final_rate",
        "halve_every",
        "momentum",
        "rate_scale",
        "schedule",
        "loss",
        "weights",
        "activations",
        "augmentation",
        "augment_until",
        "evaluations_per_epoch",
    }
)
"""The fields that may change while a run is under way; a change takes effect at the next step."""


@dataclass(frozen=True)
class Conflict:
    """A combination that makes no sense. why: a sentence; remedy: another."""

    met: Callable[[RunConfig], bool]
    why: str
    remedy: str


CONFLICTS = (
    Conflict(
        lambda c: c.kind == "float" and "stochastic" in (c.weights, c.activations),
        "The float network takes no signs, so there are none to draw.",
        "Choose deterministic weights and activations, or a binary network.",
    ),
    Conflict(
        lambda c: c.kind == "float" and c.rate_scale != "none",
        "The paper's rate scale is of binary weights, and the float network has none.",
        "Set rate_scale=none, or choose a binary network.",
    ),
    Conflict(
        lambda c: c.optimizer == "sgd" and c.rate_scale != "none",
        "The paper's rate scale is of Adam's step, which is as long in every layer; that of SGD is as the gradient is.",
        "Set rate_scale=none, or optimizer=adam.",
    ),
    Conflict(
        lambda c: c.schedule == "exponential" and c.final_rate > c.learning_rate,
        "An exponential schedule would end above the learning rate that it begins with.",
        "Lower final_rate, or raise learning_rate.",
    ),
)


def check_combination(config: RunConfig) -> None:
    """Raise BadInput where choices do not go together, saying why."""
    for conflict in CONFLICTS:
        if conflict.met(config):
            raise BadInput(conflict.why, conflict.remedy)
