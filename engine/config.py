"""What a run is: every choice that determines it. Imported by every world; imports none of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from engine.errors import BadInput, UnknownName

Kind = Literal["binary", "float"]
Loss = Literal["cross-entropy", "squared-hinge"]
Rounding = Literal["deterministic", "stochastic"]
Output = Literal["batchnorm", "bias"]
Schedule = Literal["cosine", "constant"]
Augmentation = Literal["none", "light", "strong", "crop", "crop-mirror"]


@dataclass(frozen=True)
class RunConfig:
    """The whole recipe of a training run. Two runs with equal configs on the CPU repeat exactly.

    Attributes:
        model: an architecture by name, e.g. "mlp-512x2".
        kind: "binary" trains 1-bit weights and activations; "float" its ordinary float twin.
        epochs: passes over the training set; with time_limit (seconds) set, the budget is time instead.
        learning_rate: of Adam at the start; `schedule` takes it down over the budget.
        weights, activations: how the sign is taken in training (always deterministic in deployment).
        augmentation: how training images are changed (engine.training.augment): "light" and "strong" warp handwriting
            and change its strokes, so that what people draw themselves is read too; "crop" and "crop-mirror" are for
            photographs.
        augment_until: share of the budget after which images are left as they are, so that the end of training sees
            what tests show.
        output: "batchnorm" after the last layer, or "bias" (one common scale, for verification).
        evaluations_per_epoch: how often the test set is scored.
        threads: CPU threads of the trainer.
    """

    data: str = "mnist"
    model: str = "mlp-512x2"
    kind: Kind = "binary"
    seed: int = 0
    epochs: int = 10
    time_limit: float | None = None
    batch_size: int = 128
    learning_rate: float = 1e-2
    schedule: Schedule = "cosine"
    loss: Loss = "cross-entropy"
    weights: Rounding = "deterministic"
    activations: Rounding = "deterministic"
    output: Output = "batchnorm"
    augmentation: Augmentation = "none"
    augment_until: float = 0.9
    evaluations_per_epoch: int = 1
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise BadInput(f"{name} is {value:g}.", f"Choose it between {low:g} and {high:g}.")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise UnknownName(name, str(getattr(self, name)), choices)

    def changed(self, key: str, value: Any) -> RunConfig:
        """A copy with one field set, coerced to the field's type. Raises UnknownName or BadInput."""
        return replace(self, **{key: coerce(key, value)})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> RunConfig:
        """Rebuild from `to_json`. Raises UnknownName or BadInput on fields that are not ours."""
        return cls(**{key: coerce(key, value) for key, value in record.items()})


RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, 2**63 - 1),
    "epochs": (1, 100_000),
    "time_limit": (0.1, 30 * 86400),
    "batch_size": (2, 10_000),
    "learning_rate": (1e-7, 1.0),
    "augment_until": (0.0, 1.0),
    "evaluations_per_epoch": (1, 100),
    "threads": (1, 1024),
}

CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("binary", "float"),
    "schedule": ("cosine", "constant"),
    "loss": ("cross-entropy", "squared-hinge"),
    "weights": ("deterministic", "stochastic"),
    "activations": ("deterministic", "stochastic"),
    "output": ("batchnorm", "bias"),
    "augmentation": ("none", "light", "strong", "crop", "crop-mirror"),
    "device": ("cpu", "cuda"),
}

LIVE: frozenset[str] = frozenset(
    {
        "epochs",
        "batch_size",
        "learning_rate",
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

_TYPES: dict[str, type] = {"seed": int, "epochs": int, "batch_size": int, "evaluations_per_epoch": int, "threads": int}
_TYPES |= {"learning_rate": float, "time_limit": float, "augment_until": float}


def coerce(key: str, value: Any) -> Any:
    """`value` as the type of the field `key`, e.g. from a command line's text. Raises UnknownName or BadInput."""
    if key not in {field.name for field in fields(RunConfig)}:
        raise UnknownName("setting", key, (field.name for field in fields(RunConfig)))
    if value is None and key == "time_limit":
        return None
    kind = _TYPES.get(key, str)
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise BadInput(f"{key} is '{value}'.", f"Give it as {kind.__name__}.") from None
