"""The help of --set, and the page on training: no setting and no choice is left out."""

from pathlib import Path

from engine.config import CHOICES, RANGES, RunConfig
from engine.settings_text import settings_text

DOCS = Path(__file__).parents[1] / "docs" / "training.md"


def test_every_setting_and_every_choice_is_told():
    lines = settings_text().splitlines()
    words = [line.split()[0].rstrip("*") for line in lines[1:]]
    assert [word for word in words if word in RunConfig().to_json()] == list(RunConfig().to_json())
    for choices in CHOICES.values():
        for choice, line in choices.items():
            assert any(line in each and each.split()[0] == choice for each in lines)
    assert sum(" to " in line for line in lines) >= len(RANGES)


def test_the_page_on_training_names_every_method():
    text = DOCS.read_text(encoding="utf-8")
    for key in ("kind", "optimizer", "estimator", "scaling", "thresholds", "batch_norm", "schedule", "loss"):
        assert key in text
    for key in ("kind", "optimizer", "schedule"):
        assert all(choice in text for choice in CHOICES[key] if choice != "binary")
