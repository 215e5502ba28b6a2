"""The settings of the next run while a person composes them."""

import pytest

from app.draft import Draft
from app.settings import Settings
from engine.config import RunConfig
from engine.errors import BadInput


def test_what_makes_no_sense_yet_is_kept_with_the_reason_and_not_remembered():
    settings = Settings()
    draft = Draft(settings)
    draft.change({"weights": "stochastic"})
    draft.change({"kind": "float"})
    assert "signs to draw" in draft.problem.what
    assert draft.values["kind"] == "float"
    assert settings.run["kind"] == "binary"
    with pytest.raises(BadInput):
        draft.config()
    draft.change({"weights": "deterministic"})
    assert draft.problem is None
    assert (draft.config().kind, settings.run["kind"]) == ("float", "float")


def test_a_network_that_there_is_not_is_a_problem():
    draft = Draft(Settings())
    draft.change({"model": "mlp-513x"})
    assert "mlp-513x" in draft.problem.what


def test_taking_a_whole_configuration_ends_every_problem():
    draft = Draft(Settings())
    draft.change({"learning_rate": 7.0})
    assert draft.problem is not None
    draft.take(RunConfig(epochs=3))
    assert (draft.problem, draft.config()) == (None, RunConfig(epochs=3))
