"""MNIST in 5 x 5 bits."""

from __future__ import annotations

from functools import partial

from engine.datasets import bits

NAME, TITLE, ABOUT = bits.name(5), bits.title(5), bits.about(5)
load = partial(bits.load, 5)
