"""MNIST in bits: every digit shrunk to a few places, each dark or bright. Made of MNIST when it is loaded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine import digits
from engine.datasets import Dataset, mnist

PIECE = 10_000
"""Images that are shrunk at a time."""


def name(side: int) -> str:
    return f"{mnist.NAME}-bits-{side}"


def title(side: int) -> str:
    return f"{mnist.TITLE} in {side} x {side} bits"


def about(side: int) -> str:
    return f"the digits of MNIST in {side} x {side} places of one bit, for networks that are to be verified"


def load(side: int) -> Dataset:
    """MNIST in side x side places of 0 and 255. Raises BadFile where MNIST cannot be read."""
    whole = mnist.load()
    return replace(
        whole,
        name=name(side),
        title=title(side),
        train_images=_shrunk(whole.train_images, side),
        test_images=_shrunk(whole.test_images, side),
        preparation=digits.BITS,
    )


def _shrunk(images: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    pieces = (images[first : first + PIECE, ..., 0] for first in range(0, len(images), PIECE))
    return np.concatenate([digits.in_bits(piece, side, side) for piece in pieces])[..., np.newaxis]
