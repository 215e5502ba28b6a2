"""MNIST in 14 x 14 bits."""

from __future__ import annotations

from functools import partial

from engine.datasets import bits

NAME, TITLE, ABOUT = bits.name(14), bits.title(14), bits.about(14)
load = partial(bits.load, 14)
