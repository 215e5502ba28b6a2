"""Schedules at their beginning, their end and in between, in a run of epochs and in one of seconds."""

import pytest

from engine.config import RunConfig
from engine.errors import BadInput
from engine.training import schedules


def rate(config, spent, by_epoch=None, epoch=0):
    return schedules.rate(config, spent, spent if by_epoch is None else by_epoch, epoch)


def test_cosine_falls_to_nothing_and_stays_there():
    config = RunConfig(learning_rate=0.5)
    assert [rate(config, s) for s in (0, 0.5, 1, 1.3)] == pytest.approx([0.5, 0.25, 0, 0])


def test_constant_stays():
    assert rate(RunConfig(schedule="constant"), 0.9) == RunConfig().learning_rate


def test_exponential_is_the_papers_by_whole_epochs():
    config = RunConfig(schedule="exponential", learning_rate=3e-3, final_rate=3e-7, epochs=1000)
    decay = (3e-7 / 3e-3) ** (1 / 1000)  # binarynet's LR_decay, multiplied in after each epoch
    for epoch in (0, 1, 500, 999):
        assert rate(config, (epoch + 0.7) / 1000, epoch / 1000) == pytest.approx(3e-3 * decay**epoch)
    assert rate(config, 1.2) == pytest.approx(3e-7)


def test_halving_counts_epochs():
    config = RunConfig(schedule="halving", learning_rate=2**-6, halve_every=20)
    assert [rate(config, 0.5, epoch=epoch) for epoch in (0, 19, 20, 59, 60)] == [2**-6, 2**-6, 2**-7, 2**-8, 2**-9]


def test_an_exponential_that_would_rise_is_refused():
    with pytest.raises(BadInput, match="above"):
        RunConfig(schedule="exponential", learning_rate=1e-4, final_rate=1e-3)
