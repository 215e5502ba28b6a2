"""The settings as people are offered them: none is missing, each has its words."""

from dataclasses import fields
from types import SimpleNamespace

import pytest

from app import lessons, options
from app.options import BY_KEY, OPTIONS, SECTIONS, WITHIN
from engine.choices import CHOICES, RANGES
from engine.config import RunConfig

FIELDS = {field.name for field in fields(RunConfig)} - WITHIN


def test_every_setting_has_an_option_and_every_option_is_of_a_setting():
    assert {option.key for option in OPTIONS} == FIELDS
    assert len({option.key for option in OPTIONS}) == len(OPTIONS)
    assert {option.section for option in OPTIONS} == set(SECTIONS)


@pytest.mark.parametrize("key", sorted(FIELDS))
def test_every_setting_is_explained(key):
    option = BY_KEY[key]
    for value in CHOICES.get(key, {getattr(RunConfig(), key): ""}):
        assert option.line_of(value)
    assert lessons.settings()[key]


def test_a_setting_that_is_new_is_offered_with_a_name_of_its_own(monkeypatch):
    monkeypatch.setattr(options, "OPTIONS", [option for option in OPTIONS if option.key != "batch_norm"])
    assert options._all()["batch_norm"].title == "Batch norm"


def test_sliders_are_live_and_go_over_decades():
    sliders = [option for option in OPTIONS if option.slider]
    assert {option.key for option in sliders} == {"flip_threshold", "adaptivity"}
    for option in sliders:
        low, high = RANGES[option.key]
        assert option.live
        assert high / low >= 1000


def test_what_means_nothing_is_hidden_unless_it_may_be_what_is_at_odds():
    usual = SimpleNamespace(**RunConfig().to_json())
    assert not BY_KEY["momentum"].shown(usual)
    usual.momentum = 0.5
    assert not BY_KEY["momentum"].shown(usual)
    assert BY_KEY["momentum"].shown(usual, odd=True)
    usual.optimizer = "sgd"
    assert BY_KEY["momentum"].shown(usual)
