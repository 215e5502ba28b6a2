"""Pixels as squares of whole pixels of the screen, which are copied and not scaled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

Pixels = NDArray[np.uint32]
"""RGB32 [height, width]."""


def squares(pixels: Pixels, side: int, line: QColor | None = None) -> QImage:
    """Each pixel as a square of that side, between lines where there is one: so with one pixel more across and down."""
    blown = pixels.repeat(side, axis=0).repeat(side, axis=1)
    if line is not None:
        height, width = blown.shape
        lined: NDArray[Any] = np.full((height + 1, width + 1), line.rgb(), np.uint32)
        lined[:-1, :-1] = blown
        lined[::side] = lined[:, ::side] = line.rgb()
        blown = lined
    return rgb(blown)


def rgb(pixels: Pixels) -> QImage:
    """A picture of these pixels; a copy."""
    height, width = pixels.shape
    return QImage(np.ascontiguousarray(pixels).data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
