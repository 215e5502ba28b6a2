"""What a run is: every choice that determines it. Imported by every world; imports none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from engine.choices import CHOICES, LIVE, RANGES, check_combination
from engine.errors import BadInput, UnknownName

__all__ = ["CHOICES", "LIVE", "RANGES", "RunConfig", "coerce"]

Kind = Literal["binary", "binaryconnect", "float"]
Optimizer = Literal["adam", "shift-adamax", "bop", "sgd"]
RateScale = Literal["none", "glorot"]
Loss = Literal["cross-entropy", "squared-hinge"]
Inputs = Literal["pixels", "bits"]
Rounding = Literal["deterministic", "stochastic"]
Estimator = Literal["straight-through", "approx-sign"]
Scaling = Literal["none", "xnor-net"]
Thresholds = Literal["zero", "learned"]
BatchNorm = Literal["plain", "shift-based"]
Output = Literal["batchnorm", "bias"]
Schedule = Literal["cosine", "constant", "exponential", "halving"]
Steps = Literal["best", "plain"]
Augmentation = Literal["none", "light", "strong", "crop", "mirror", "crop-mirror"]


@dataclass(frozen=True)
class RunConfig:
    """The whole recipe of a training run. Two runs with equal configs on the CPU repeat exactly.

    Raises UnknownName, or BadInput where a number is out of range or choices do not go together (engine.choices,
    which also says what each choice is).

    Attributes:
        model: an architecture by name, e.g. "mlp-512x2". layers: those of one's own, as its TOML file has them in one
            line (docs/models.md); model is then what it is called.
        epochs: passes over the training set; with time_limit (seconds) set, the budget is time instead.
        learning_rate: of the optimizer at the start; `schedule` takes it down over the budget.
        final_rate: where an exponential schedule ends. halve_every: epochs, of a halving one.
        momentum: of SGD.
        adaptivity, flip_threshold: of Bop, its gamma and tau; the first falls as the learning rate does.
        weights, activations: how the sign is taken in training (always deterministic in deployment).
        estimator: what stands for the slope of the activations' sign.
        dropout_input, dropout_hidden: chance of a pixel, and of a hidden activation, to be left out of a training step.
        weight_faults: chance of each weight bit to read wrong in a training step, other bits at each step, so that the
            network learns to bear it.
        inputs: what the first layer takes of an image.
        spread: half the width of the latents' first, uniform distribution; None for what suits the method.
        augment_until: share of the budget after which images are left as they are, so that the end of training sees
            what tests show.
        start: a model file whose weights the run begins with (engine.training.start), in place of drawn ones.
        extra: an .npz of labelled images that are trained on beside the data set's, repeated until they are this share
            of all, extra_share (engine.datasets.extra). A run's folder has copies of both files.
        evaluations_per_epoch: how often the test set is scored; 0.2 for once in five epochs.
        threads: CPU threads of the trainer.
        steps: who makes them (engine.training.steppers); the same run by others differs in its last digits.
    """

    data: str = "mnist"
    model: str = "mlp-512x2"
    layers: str = ""
    kind: Kind = "binary"
    seed: int = 0
    epochs: int = 10
    time_limit: float | None = None
    batch_size: int = 128
    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-2
    schedule: Schedule = "cosine"
    final_rate: float = 1e-6
    halve_every: int = 20
    rate_scale: RateScale = "none"
    momentum: float = 0.9
    adaptivity: float = 1e-2
    flip_threshold: float = 1e-6
    loss: Loss = "cross-entropy"
    weights: Rounding = "deterministic"
    activations: Rounding = "deterministic"
    estimator: Estimator = "straight-through"
    scaling: Scaling = "none"
    thresholds: Thresholds = "zero"
    batch_norm: BatchNorm = "plain"
    dropout_input: float = 0.0
    dropout_hidden: float = 0.0
    weight_faults: float = 0.0
    spread: float | None = None
    inputs: Inputs = "pixels"
    output: Output = "batchnorm"
    augmentation: Augmentation = "none"
    augment_until: float = 0.9
    start: str = ""
    extra: str = ""
    extra_share: float = 0.2
    evaluations_per_epoch: float = 1.0
    threads: int = 1
    device: str = "cpu"
    steps: Steps = "best"

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                shown = f"{value:g}" if isinstance(value, float) else str(value)
                raise BadInput(f"{name} is {shown}.", f"Choose it between {low:g} and {high:g}.")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise UnknownName(name, str(getattr(self, name)), choices)
        check_combination(self)

    @property
    def binary_weights(self) -> bool:
        """Whether what multiplies is signs."""
        return self.kind != "float"

    @property
    def binary_activations(self) -> bool:
        """Whether layers give signs to each other, so that the network can be packed."""
        return self.kind == "binary"

    def changed(self, key: str, value: Any) -> RunConfig:
        """A copy with one field set, coerced to the field's type. Raises UnknownName or BadInput."""
        return self.with_changes({key: value})

    def with_changes(self, changes: Mapping[str, Any]) -> RunConfig:
        """A copy with fields set at once, so that only what they make together is judged.

        Another model has other layers: its own where they are given, else those of its name.
        """
        if changes.get("model", self.model) != self.model:
            changes = {"layers": "", **changes}
        return replace(self, **{key: coerce(key, value) for key, value in changes.items()})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> RunConfig:
        """Rebuild from `to_json`. Raises UnknownName or BadInput on fields that are not ours."""
        return cls().with_changes(record)


_NAMES = frozenset(field.name for field in fields(RunConfig))
_TYPES: dict[str, type] = {
    "seed": int,
    "epochs": int,
    "batch_size": int,
    "halve_every": int,
    "threads": int,
    "time_limit": float,
    "evaluations_per_epoch": float,
    "learning_rate": float,
    "final_rate": float,
    "momentum": float,
    "adaptivity": float,
    "flip_threshold": float,
    "spread": float,
    "dropout_input": float,
    "dropout_hidden": float,
    "weight_faults": float,
    "augment_until": float,
    "extra_share": float,
}
"""What is not text."""

_OPTIONAL = frozenset({"time_limit", "spread"})


def coerce(key: str, value: Any) -> Any:
    """`value` as the type of the field `key`, e.g. from a command line's text. Raises UnknownName or BadInput."""
    if key not in _NAMES:
        raise UnknownName("setting", key, _NAMES)
    if key in _OPTIONAL and value in (None, "none"):
        return None
    kind = _TYPES.get(key, str)
    try:
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"{key} is '{value}'.", f"Give it as {kind.__name__}.") from None
