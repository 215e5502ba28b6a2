"""Cases as people write them, and operands that flatter nobody."""

import numpy as np
import pytest

from engine.errors import BadInput
from engine.inference import operands


def test_operands_are_random_and_padded():
    words = operands.random_words(np.random.default_rng(0), 100, 130)
    assert not np.any(words[:, -1] >> np.uint64(2))
    counts = np.bitwise_count(words).sum(axis=1)
    assert counts.min() > 45
    assert counts.max() < 95


@pytest.mark.parametrize(
    ("text", "widths"),
    [("784-1024x3-10", (784, 1024, 1024, 1024, 10)), ("4-2", (4, 2)), ("9x2-3", (9, 9, 3))],
)
def test_architectures(text, widths):
    assert operands.widths_of(text) == widths


@pytest.mark.parametrize(
    "text",
    [
        "",
        "784",
        "784-",
        "a-b",
        "784-1024x-10",
        "784-10x0-10",
        "784-10x101-10",
        "784-10x" + "9" * 5000,
        "0-5",
        "-3-4",
        "784-10²",
        "9" * 50 + "-1",
    ],
)
def test_architectures_that_are_none(text):
    with pytest.raises(BadInput):
        operands.widths_of(text)


def test_maps():
    assert operands.map_of("128@32x16") == (32, 16, 128)


@pytest.mark.parametrize("text", ["", "128", "128@32", "128@32x", "@3x3", "1@2x3x4", "0@3x3", "1@0x3", "1@9999999x1"])
def test_maps_that_are_none(text):
    with pytest.raises(BadInput, match="128@32x32"):
        operands.map_of(text)


def test_convolutions_fire_on_some_maps_and_not_on_others():
    conv, after = operands.random_convolution(70)
    assert conv.gives((5, 6, 70)) == (5, 6, 70)
    assert np.all(np.abs(after.threshold) < conv.inputs)
    assert 0 < after.at_least.sum() < 70
    assert operands.random_maps((5, 6, 70), 3).shape == (3, 5, 6, 2)
