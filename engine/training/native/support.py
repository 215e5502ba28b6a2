"""What a run must be for native kernels to make its steps."""

from __future__ import annotations

from engine.config import RunConfig
from engine.errors import UnknownName
from engine.jit.target import host
from engine.jit.training.shape import shape_for

PLAIN = {
    "kind": "binary", "weights": "deterministic", "activations": "deterministic", "scaling": "none",
    "thresholds": "zero", "batch_norm": "plain", "weight_faults": 0.0, "device": "cpu",
}  # fmt: skip
"""Settings that must be so."""


def lacking(config: RunConfig, processes: int) -> str | None:
    """What the settings or this processor lack, as steppers.Stepper.supports has it."""
    for name, plain in PLAIN.items():
        if getattr(config, name) != plain:
            return f"The native step has no {name}={getattr(config, name)}."
    if processes > 1:
        return "The native step is made by one process."
    try:
        target = host()
    except UnknownName as error:
        return error.what
    return None if shape_for(target) else f"The native step needs AVX2, which {target.name} has not."
