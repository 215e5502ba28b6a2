"""What can be set of a run, as people are offered it: one record a setting; controls and words follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

from engine.choices import CHOICES, LIVE
from engine.config import RunConfig

Section = Literal["data", "network", "method", "schedule", "more"]
SECTIONS: dict[Section, str] = {
    "data": "Data",
    "network": "Network",
    "method": "Method",
    "schedule": "Schedule",
    "more": "More",
}

TITLES = {
    "adam": "Adam",
    "sgd": "SGD",
    "bop": "Bop",
    "shift-adamax": "Shift-based AdaMax",
    "batchnorm": "Batch-norm",
    "bias": "Bias, one scale",
    "float": "Float twin",
    "binaryconnect": "BinaryConnect",
    "approx-sign": "ApproxSign",
    "xnor-net": "XNOR-Net",
    "cosine": "Cosine to zero",
    "glorot": "Glorot, as the paper",
    "cpu": "CPU",
    "cuda": "CUDA",
    "best": "Fastest",
}
"""Named choices whose title is not the name itself with a capital."""


def always(_values: Any) -> bool:
    """For settings that mean something in every run."""
    return True


def only(key: str, *values: str) -> Callable[[Any], bool]:
    """For settings that mean something only where another one has one of these values."""

    def met(settings: Any) -> bool:
        return getattr(settings, key) in values

    return met


@dataclass(frozen=True)
class Option:
    """One setting.

    title: its name for people. line: what it is, in one line (of a named choice engine.choices has a line each).
    meant: whether it means something beside other settings, given as attributes. slider: an instrument to play with
    while training, which the Learn page has at hand. none: what stands for no value, where there may be none.
    """

    key: str
    section: Section
    title: str
    line: str = ""
    meant: Callable[[Any], bool] = always
    slider: bool = False
    none: str = ""

    def shown(self, values: Any, *, odd: bool = False) -> bool:
        """Whether it is to be shown beside these settings; where they are at odds, all that is not as usual is."""
        return self.meant(values) or (odd and getattr(values, self.key) != getattr(RunConfig(), self.key))

    @property
    def live(self) -> bool:
        """Whether it may change while a run is under way."""
        return self.key in LIVE

    def line_of(self, value: object) -> str:
        """What it is, with this value."""
        line = CHOICES.get(self.key, {}).get(str(value), "") or self.line
        return line[:1].upper() + line[1:]


OPTIONS: tuple[Option, ...] = (
    Option("data", "data", "Data set", "What is learned"),
    Option("augmentation", "data", "Augmentation"),
    Option(
        "augment_until", "data", "Until", "Share of the budget after which images are left as they are",
        meant=only("augmentation", *set(CHOICES["augmentation"]) - {"none"}),
    ),
    Option("model", "network", "Network", "Layers from the image to the scores"),
    Option("kind", "network", "Kind"),
    Option("inputs", "network", "Inputs"),
    Option("thresholds", "network", "Thresholds", meant=only("kind", "binary")),
    Option("scaling", "network", "Scale", meant=only("kind", "binary", "binaryconnect")),
    Option("batch_norm", "network", "Batch-norm"),
    Option("output", "network", "Output"),
    Option("optimizer", "method", "Optimizer"),
    Option("learning_rate", "method", "Learning rate", "How far a step goes, at the start"),
    Option(
        "momentum", "method", "Momentum", "Share of the last step in the next", meant=only("optimizer", "sgd")
    ),
    Option(
        "flip_threshold", "method", "Flip threshold τ", "A weight flips where the running mean of its gradient exceeds "
        "it: the lower, the more flips", meant=only("optimizer", "bop"), slider=True,
    ),
    Option(
        "adaptivity", "method", "Adaptivity γ", "Share of the newest gradient in the running mean: the higher, the "
        "sooner it changes its mind", meant=only("optimizer", "bop"), slider=True,
    ),
    Option(
        "rate_scale", "method", "Rate by layer", meant=only("optimizer", "adam", "shift-adamax"),
    ),
    Option("loss", "method", "Loss"),
    Option("weights", "method", "Weights", meant=only("kind", "binary", "binaryconnect")),
    Option("activations", "method", "Activations", meant=only("kind", "binary")),
    Option("estimator", "method", "Gradient of the sign", meant=only("kind", "binary")),
    Option("dropout_input", "method", "Dropout, input", "Chance of a pixel to be left out of a training step"),
    Option("dropout_hidden", "method", "Dropout, hidden", "Chance of a hidden activation to be left out of a step"),
    Option(
        "weight_faults", "method", "Broken bits", "Chance of a weight bit to read wrong, to learn to bear it",
        meant=only("kind", "binary", "binaryconnect"),
    ),
    Option("epochs", "schedule", "Epochs", "Passes over the training images", meant=lambda c: c.time_limit is None),
    Option("time_limit", "schedule", "Time limit", "Seconds of training, in place of epochs", none="no limit"),
    Option("schedule", "schedule", "Learning rate"),
    Option(
        "final_rate", "schedule", "Final rate", "Where the learning rate ends",
        meant=only("schedule", "exponential"),
    ),
    Option(
        "halve_every", "schedule", "Halve every", "Epochs until the learning rate is halved",
        meant=only("schedule", "halving"),
    ),
    Option("batch_size", "schedule", "Batch size", "Images of a step"),
    Option(
        "evaluations_per_epoch", "more", "Scores an epoch",
        "How often the test set is scored: 0.2 for every fifth epoch",
    ),
    Option("seed", "more", "Seed", "Equal seeds repeat a run exactly"),
    Option("spread", "more", "First latents", "Half the width of their distribution", none="as suits the method"),
    Option("threads", "more", "Threads", "Of the processor, for training"),
    Option("device", "more", "Device"),
    Option("steps", "more", "Steps"),
)  # fmt: skip


LESSONS: dict[Section, str] = {
    "data": "data",
    "network": "networks",
    "method": "methods",
    "schedule": "flip",
    "more": "latent",
}
"""The lesson (app.lessons) behind each section."""


def title_of(value: str) -> str:
    """A named choice for people."""
    return TITLES.get(value, value[:1].upper() + value[1:].replace("-", " "))


WITHIN = frozenset({"layers", "start", "extra", "extra_share"})
"""Settings that are not set by themselves: the layers of a network of one's own come with its name, and what a run
begins with and learns beside its data set are chosen with the drawings that Draw keeps."""


def _all() -> dict[str, Option]:
    """The options above, and a plain one for every setting that has none there yet."""
    known = {option.key: option for option in OPTIONS}
    for field in fields(RunConfig):
        if field.name in WITHIN:
            continue
        plain = Option(field.name, "more", field.name.replace("_", " ").capitalize())
        known.setdefault(field.name, plain)
    return known


BY_KEY = _all()


def of_section(section: Section) -> list[Option]:
    """The options of a section, in order."""
    return [option for option in BY_KEY.values() if option.section == section]
