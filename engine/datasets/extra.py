"""Images of one's own beside those of a data set: repeated until they are a chosen share of all that is trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import digits
from engine.datasets import Dataset, own
from engine.datasets.classes import aligned
from engine.datasets.readers import Part, npz
from engine.errors import BadFile, BadInput, reason


def joined(base: Dataset, path: Path, share: float) -> Dataset:
    """The data set with the training images of the .npz at `path` behind its own; the test set is as it was.

    Each of them is repeated, in turns, until they are `share` of all training images, so that a few are not lost among
    many; augmentation makes every repetition another one. Drawings 28 x 28 become bits where the data set is of bits.

    Raises BadFile, or BadInput where the images or their labels are not of the data set's kind.
    """
    part, names = _training(path)
    images = _as_in(base, part.images)
    if images.shape[1:] != base.input_shape or not len(images):
        raise BadInput(
            f"'{path}' has {len(images)} images of {images.shape[1:]} to train on; those of '{base.name}' are "
            f"{base.input_shape}.",
            "Give images of the data set's own kind.",
        )
    labels = aligned(part.labels, names, base.class_names, f"'{path}'")
    count = max(len(images), round(len(base.train_images) * share / (1 - share)))
    turns = np.arange(count) % len(images)
    return replace(
        base,
        train_images=np.concatenate([base.train_images, images[turns]]),
        train_labels=np.concatenate([base.train_labels, labels[turns]]),
    )


def _training(path: Path) -> tuple[Part, tuple[str, ...]]:
    """What is for training of an .npz, all but every fifth of a class where it does not say; and its classes' names."""
    try:
        found = npz.read(path) if path.is_file() else None
    except OSError as error:
        raise BadFile(f"'{path}' cannot be read: {reason(error)}.", "Check the path and your permissions.") from error
    if found is None:
        raise BadFile(f"There is no .npz file '{path}' of images to add.", "Check its name and its folder.")
    return found.train if found.test is not None else own.split(found.train)[0], found.names


def _as_in(base: Dataset, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    drawn = (digits.SIDE, digits.SIDE, 1)
    if base.preparation == digits.BITS and images.shape[1:] == drawn and base.input_shape != drawn:
        height, width, _ = base.input_shape
        return digits.in_bits(images[..., 0], height, width)[..., np.newaxis]
    return images
