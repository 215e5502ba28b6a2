"""What a run can be asked for, and what does not go together."""

import dataclasses
import typing

import pytest

from engine import choices, config
from engine.config import CHOICES, LIVE, RANGES, RunConfig
from engine.errors import BadInput, UnknownName


def test_every_choice_of_a_type_has_a_line_and_the_default_is_one():
    for field, hint in typing.get_type_hints(RunConfig).items():
        if typing.get_origin(hint) is typing.Literal:
            assert tuple(CHOICES[field]) == typing.get_args(hint)
    assert all(line and line[-1] not in ".," for lines in CHOICES.values() for line in lines.values())
    assert RunConfig().to_json().keys() >= LIVE | CHOICES.keys() | RANGES.keys()


def test_every_number_is_coerced_and_every_record_comes_back():
    for field in dataclasses.fields(RunConfig):
        default = getattr(RunConfig(), field.name)
        if isinstance(default, int | float):
            assert type(config.coerce(field.name, str(default))) is type(default)
    changed = RunConfig(spread=0.5, time_limit=3.0, optimizer="sgd")
    assert RunConfig.from_json(changed.to_json()) == changed


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "float", "weights": "stochastic"}, "no signs to draw"),
        ({"kind": "float", "activations": "stochastic"}, "no signs to draw"),
        ({"kind": "binaryconnect", "activations": "stochastic"}, "no signs to draw"),
        ({"kind": "binaryconnect", "estimator": "approx-sign"}, "gradient of their own"),
        ({"kind": "binaryconnect", "thresholds": "learned"}, "have none"),
        ({"kind": "float", "scaling": "xnor-net"}, "keeps it all"),
        ({"kind": "float", "rate_scale": "glorot"}, "has none"),
        ({"kind": "float", "weight_faults": 0.1}, "bits of their sign"),
        ({"activations": "stochastic", "estimator": "approx-sign"}, "hard tanh"),
        ({"output": "bias", "scaling": "xnor-net"}, "one scale for all"),
        ({"optimizer": "sgd", "rate_scale": "glorot"}, "Adam's step"),
        ({"optimizer": "bop", "rate_scale": "glorot"}, "no steps"),
        ({"optimizer": "bop", "kind": "float"}, "has none"),
        ({"optimizer": "bop", "weights": "stochastic"}, "no latent weights"),
        ({"optimizer": "bop", "scaling": "xnor-net"}, "no latent weights"),
        ({"schedule": "exponential", "final_rate": 0.5}, "end above"),
    ],
)
def test_what_makes_no_sense_together_is_refused_with_the_reason(changes, why):
    for key, value in changes.items():
        if key != "final_rate":
            RunConfig(**{key: value})
    with pytest.raises(BadInput, match=why) as refusal:
        RunConfig(**changes)
    assert refusal.value.remedy


def test_every_conflict_is_met_by_some_run_and_not_by_the_default():
    assert not any(conflict.met(RunConfig()) for conflict in choices.CONFLICTS)


def test_changes_are_judged_together():
    sgd = RunConfig(rate_scale="glorot").with_changes({"optimizer": "sgd", "rate_scale": "none"})
    assert sgd.optimizer == "sgd"
    with pytest.raises(BadInput, match="seed"):
        RunConfig().with_changes({"seed": "x"})
    with pytest.raises(UnknownName, match="optimizer"):
        RunConfig().with_changes({"optimiser": "sgd"})
