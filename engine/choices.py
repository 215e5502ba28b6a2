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
    "adaptivity": (1e-8, 1.0),
    "flip_threshold": (1e-12, 1.0),
    "spread": (1e-6, 1.0),
    "dropout_input": (0.0, 0.9),
    "dropout_hidden": (0.0, 0.9),
    "weight_faults": (0.0, 0.5),
    "augment_until": (0.0, 1.0),
    "extra_share": (0.01, 0.9),
    "evaluations_per_epoch": (0.01, 100),
    "threads": (1, 1024),
}

CHOICES: dict[str, dict[str, str]] = {
    "kind": {
        "binary": "weights and activations of one bit",
        "binaryconnect": "weights of one bit behind float activations: the paper's predecessor, for comparison",
        "float": "the ordinary network of the same shape, for comparison",
    },
    "optimizer": {
        "adam": "steps of about equal length for every weight, by running means of gradient and square",
        "shift-adamax": "the paper's Adam without multiplications: every factor a power of two",
        "bop": "no latent weights: a binary weight flips where the running mean of its gradient insists",
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
    "estimator": {
        "straight-through": "a slope of 1 where the value lies within 1 of the sign's edge, else 0",
        "approx-sign": "a slope of 2 at the sign's edge that falls to 0 within 1 of it (Bi-Real Net)",
    },
    "scaling": {
        "none": "weights are +1 and -1",
        "xnor-net": "each output is times the mean size of its latents; folding lets batch-norm absorb it",
    },
    "thresholds": {
        "zero": "an activation is +1 from 0 up",
        "learned": "every output learns from where up (ReActNet's RSign); folded into the integer threshold",
    },
    "batch_norm": {
        "plain": "the usual one",
        "shift-based": "the paper's, whose products are all by powers of two",
    },
    "inputs": {
        "pixels": "brightness from 0 to 255",
        "bits": "+1 for a bright pixel and -1 for a dark one: the form that can be verified",
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
        "mirror": "photographs mirrored half the time",
        "crop-mirror": "photographs shifted a little and mirrored half the time",
    },
    "device": {"cpu": "the processor", "cuda": "an NVIDIA card, through torch"},
    "steps": {
        "best": "made by the fastest that can: native kernels where there are any for the run",
        "plain": "made by plain torch, for comparison",
    },
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
        "adaptivity",
        "flip_threshold",
        "rate_scale",
        "schedule",
        "loss",
        "weights",
        "activations",
        "estimator",
        "dropout_input",
        "dropout_hidden",
        "weight_faults",
        "augmentation",
        "augment_until",
        "evaluations_per_epoch",
        "steps",
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
        lambda c: c.kind == "float" and c.weights == "stochastic",
        "The float network's weights have no signs to draw.",
        "Set weights=deterministic, or choose binary weights.",
    ),
    Conflict(
        lambda c: c.kind == "float" and c.weight_faults > 0,
        "The float network's weights have no bits of their sign alone to break.",
        "Set weight_faults=0, or choose binary weights.",
    ),
    Conflict(
        lambda c: c.kind == "float" and c.rate_scale != "none",
        "The paper's rate scale is of binary weights, and the float network has none.",
        "Set rate_scale=none, or choose binary weights.",
    ),
    Conflict(
        lambda c: c.kind == "float" and c.scaling != "none",
        "XNOR-Net's scale stands for the size of weights of which only signs are left; the float network keeps it all.",
        "Set scaling=none, or choose binary weights.",
    ),
    Conflict(
        lambda c: c.kind != "binary" and c.activations == "stochastic",
        "Float activations have no signs to draw.",
        "Set activations=deterministic, or kind=binary.",
    ),
    Conflict(
        lambda c: c.kind != "binary" and c.estimator != "straight-through",
        "Float activations have a gradient of their own, for which no other has to stand.",
        "Set estimator=straight-through, or kind=binary.",
    ),
    Conflict(
        lambda c: c.kind != "binary" and c.thresholds != "zero",
        "A learned threshold is of a sign, and float activations have none.",
        "Set thresholds=zero, or kind=binary.",
    ),
    Conflict(
        lambda c: c.activations == "stochastic" and c.estimator != "straight-through",
        "The mean of a stochastic sign is the hard tanh, whose slope is the straight-through estimator and no other.",
        "Set activations=deterministic, or estimator=straight-through.",
    ),
    Conflict(
        lambda c: c.output == "bias" and c.scaling != "none",
        "The bias-only output has one scale for all classes, and XNOR-Net's is another for each.",
        "Set scaling=none, or output=batchnorm.",
    ),
    Conflict(
        lambda c: c.kind != "binary" and c.inputs != "pixels",
        "Only networks whose activations are bits take bits.",
        "Set inputs=pixels, or kind=binary.",
    ),
    Conflict(
        lambda c: c.optimizer == "bop" and c.kind == "float",
        "Bop flips binary weights, and the float network has none.",
        "Choose another optimizer, or binary weights.",
    ),
    Conflict(
        lambda c: c.optimizer == "bop" and c.weights == "stochastic",
        "Bop has no latent weights that a chance could grow with.",
        "Set weights=deterministic, or choose another optimizer.",
    ),
    Conflict(
        lambda c: c.optimizer == "bop" and c.scaling != "none",
        "Bop has no latent weights whose size could scale an output.",
        "Set scaling=none, or choose another optimizer.",
    ),
    Conflict(
        lambda c: c.optimizer == "bop" and c.rate_scale != "none",
        "Bop makes no steps that could be longer: it flips weights.",
        "Set rate_scale=none, or choose another optimizer.",
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
