"""Dilation and erosion of many small images at once. Numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]


def dilated(images: Images, size: int) -> Images:
    """Each pixel of u8 [N, H, W, C] the brightest of the size x size pixels around it.

    An even size looks one pixel further to the right and downwards; nothing is taken from outside the image.
    """
    return _extreme(images, size, np.maximum, 0)


def eroded(images: Images, size: int) -> Images:
    """The same with the darkest."""
    return _extreme(images, size, np.minimum, 255)


def _extreme(images: Images, size: int, reduce: np.ufunc, neutral: int) -> Images:
    count, height, width, channels = images.shape
    before, more = (size - 1) // 2, size - 1
    padded = np.full((count, height + more, width + more, channels), neutral, np.uint8)
    padded[:, before : before + height, before : before + width] = images
    pixels = padded.reshape(-1)  # all rows in one run, so that numpy takes them at full speed
    for step in (channels, (width + more) * channels):
        end = len(pixels) - more * step
        found = pixels[:end]
        for further in range(step, more * step + 1, step):
            found = reduce(found, pixels[further : end + further])
        pixels[:end] = found  # what wraps from row to row lands in the padding
    return np.ascontiguousarray(padded[:, :height, :width])
