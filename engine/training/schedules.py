"""How the learning rate falls over the budget of a run."""

from __future__ import annotations

import math

from engine.config import RunConfig


def rate(config: RunConfig, spent: float, by_epoch: float, epoch: int) -> float:
    """Learning rate of a step.

    Args:
        spent: share of the budget that is spent, 0 and up.
        by_epoch: the same, counted in whole epochs where the budget is one of epochs.
        epoch: epochs complete.

    Cosine: Loshchilov and Hutter 2017 (arXiv 1608.03983), without restarts. Exponential: the first epoch at
    learning_rate, every later one lower by the same factor, so that final_rate is what one more would have; halving:
    both are Hubara et al.'s (2016).
    """
    first = config.learning_rate
    match config.schedule:
        case "cosine":
            return first * 0.5 * (1 + math.cos(math.pi * min(1.0, spent)))
        case "exponential":
            return first * math.pow(config.final_rate / first, min(1.0, by_epoch))
        case "halving":
            return math.ldexp(first, -(epoch // config.halve_every))
        case "constant":
            return first
