"""MNIST: 70,000 handwritten digits, 28 x 28, from the four original files that come with Flipscope.

LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998.
"""

from __future__ import annotations

from importlib import resources

import numpy as np
from numpy.typing import NDArray

from engine.datasets import Dataset
from engine.datasets.readers import idx
from engine.errors import BadFile, reason

NAME = "mnist"
TITLE = "MNIST"
ABOUT = "70,000 handwritten digits, 28 x 28"


def load() -> Dataset:
    """Read the complete set. Raises BadFile where a file is missing, damaged, or not what its name says."""
    train_images, train_labels = _part("train", 60_000)
    test_images, test_labels = _part("t10k", 10_000)
    return Dataset(
        name=NAME,
        title=TITLE,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=tuple("0123456789"),
        preparation="mnist",
    )


def content(file: str, axes: int) -> NDArray[np.uint8]:
    """The bytes of one of the four files, e.g. "train-images-idx3-ubyte", as an array."""
    try:
        compressed = (resources.files("assets") / "mnist" / f"{file}.gz").read_bytes()
    except OSError as error:
        raise BadFile(f"The MNIST file '{file}.gz' cannot be read: {reason(error)}.", "Reinstall Flipscope.") from None
    return idx.decode(compressed, f"{file}.gz", axes)


def _part(part: str, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images = content(f"{part}-images-idx3-ubyte", 3)
    labels = content(f"{part}-labels-idx1-ubyte", 1)
    if images.shape != (count, 28, 28) or labels.shape != (count,):
        raise BadFile(
            f"The MNIST files '{part}' hold {images.shape} images and {labels.shape} labels, not {count}.",
            "Reinstall Flipscope.",
        )
    return images[..., np.newaxis], labels.astype(np.int64)
