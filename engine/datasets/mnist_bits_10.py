"""MNIST in 10 x 10 bits."""

from __future__ import annotations

from functools import partial

from engine.datasets import bits

NAME, TITLE, ABOUT = bits.name(10), bits.title(10), bits.about(10)
load = partial(bits.load, 10)
