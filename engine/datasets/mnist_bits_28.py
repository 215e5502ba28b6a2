"""MNIST in 28 x 28 bits."""

from __future__ import annotations

from functools import partial

from engine.datasets import bits

NAME, TITLE, ABOUT = bits.name(28), bits.title(28), bits.about(28)
load = partial(bits.load, 28)
