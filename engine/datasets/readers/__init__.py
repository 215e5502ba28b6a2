"""Files that a data set of one's own may come in; nobody vouches for them, so each is read within limits.

A module here offers `FORM`, a few words that say what it reads, and `read(path) -> Found | None`, None where the
path holds nothing of its kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadFile

MOST_BYTES = 1 << 29
"""No header can make a reader take more memory than this for one array."""


@dataclass(frozen=True, eq=False)
class Part:
    """Labelled images: u8 [N, H, W, C] and int64 [N]."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def taken(self, chosen: NDArray[np.bool_]) -> Part:
        """Those of the images."""
        return Part(self.images[chosen], self.labels[chosen])


@dataclass(frozen=True, eq=False)
class Found:
    """What a path held. test: None where it made no difference; names: of the classes, () where it gave none."""

    train: Part
    test: Part | None = None
    names: tuple[str, ...] = ()


def part(path: Path, images: NDArray[Any], labels: NDArray[Any]) -> Part:
    """What `path` gave as images [N, H, W] or [N, H, W, C] and labels [N]. Raises BadFile where they are not that."""
    fit = images.ndim in (3, 4) and images.dtype == np.uint8 and labels.shape == images.shape[:1]
    if not fit or 0 in images.shape[1:]:
        raise BadFile(
            f"'{path}' holds images of {images.dtype} {images.shape} and labels {labels.shape}.",
            "Give images of uint8 [N, H, W] or [N, H, W, C] with one label each.",
        )
    return Part(images[..., np.newaxis] if images.ndim == 3 else images, labels.astype(np.int64))
